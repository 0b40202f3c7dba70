//! What separates the columns of a CSV: told by an option, or found from the header.

use super::delimiter::Delimiter;
use crate::trace::Options;
use crate::trace::option::{OptionKind, OptionSpec};

/// What separates the columns of a table.
pub(crate) const DELIMITER: OptionSpec = OptionSpec {
    flag: "delimiter",
    key: "delimiter",
    help: "What separates the columns of a CSV: `,`, `tab`, `;` or `|` [default: found from its header]",
    kind: OptionKind::Word { value_name: "DELIMITER", read: |text| Delimiter::parse(text).map(Delimiter::word) },
};

impl Delimiter {
    /// What was told; it was checked when it was set.
    pub(super) fn told(options: &Options) -> Option<Self> {
        options.values.text(&DELIMITER).and_then(|text| Self::parse(text).ok())
    }
}
