use std::fmt;

/// What separates columns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Delimiter {
    /// `,`
    Comma,
    /// A tab.
    Tab,
    /// `;`
    Semicolon,
    /// `|`
    Pipe,
}

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
    pub(super) const fn word(self) -> &'static str {
        match self {
            Self::Comma => ",",
            Self::Tab => "tab",
            Self::Semicolon => ";",
            Self::Pipe => "|",
        }
    }

    /// The flag that names it, as a shell takes it.
    pub(crate) const fn flag(self) -> &'static str {
        match self {
            Self::Comma => "--delimiter ,",
            Self::Tab => "--delimiter tab",
            Self::Semicolon => "--delimiter ';'",
            Self::Pipe => "--delimiter '|'",
        }
    }

    /// Reads what the option takes.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
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
