//! What separates the columns of a CSV: told by an option, or found from the header.

use std::fmt;

use crate::trace::Options;
use crate::trace::option::{OptionKind, OptionSpec};

/// What separates columns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Delimiter {
    Comma,
    Tab,
    Semicolon,
    Pipe,
}

/// What separates the columns of a table.
pub(crate) const DELIMITER: OptionSpec = OptionSpec {
    flag: "delimiter",
    key: "delimiter",
    help: "What separates the columns of a CSV: `,`, `tab`, `;` or `|` [default: found from its header]",
    kind: OptionKind::Word { value_name: "DELIMITER", read: |text| Delimiter::parse(text).map(Delimiter::word) },
};

impl Delimiter {
    pub(super) const ALL: [Self; 4] = [Self::Comma, Self::Tab, Self::Semicolon, Self::Pipe];

    pub(super) const fn byte(self) -> u8 {
        match self {
            Self::Comma => b',',
            Self::Tab => b'\t',
            Self::Semicolon => b';',
            Self::Pipe => b'|',
        }
    }

    /// The name of one.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Comma => "comma",
            Self::Tab => "tab",
            Self::Semicolon => "semicolon",
            Self::Pipe => "vertical bar",
        }
    }

    /// As the option takes it.
    const fn word(self) -> &'static str {
        match self {
            Self::Comma => ",",
            Self::Tab => "tab",
            Self::Semicolon => ";",
            Self::Pipe => "|",
        }
    }

    /// The flag that names it, as a shell takes it.
    pub(super) const fn flag(self) -> &'static str {
        match self {
            Self::Comma => "--delimiter ,",
            Self::Tab => "--delimiter tab",
            Self::Semicolon => "--delimiter ';'",
            Self::Pipe => "--delimiter '|'",
        }
    }

    /// What was told; it was checked when it was set.
    pub(super) fn told(options: &Options) -> Option<Self> {
        options.values.text(&DELIMITER).and_then(|text| Self::parse(text).ok())
    }

    fn parse(text: &str) -> Result<Self, String> {
        match text {
            "," | "comma" => Ok(Self::Comma),
            "tab" | "\\t" | "\t" => Ok(Self::Tab),
            ";" | "semicolon" => Ok(Self::Semicolon),
            "|" | "pipe" => Ok(Self::Pipe),
            _ => Err("a delimiter; it is `,`, `tab`, `;` or `|`".to_owned()),
        }
    }
}

/// Several of them.
impl fmt::Display for Delimiter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}s", self.name())
    }
}
