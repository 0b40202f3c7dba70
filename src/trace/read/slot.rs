//! The columns that an adapter asks for, and their places among each other.

/// What an adapter reads of a file, by the name in its header.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ColumnSpec {
    pub(crate) name: &'static str,
    pub(crate) required: bool,
}

impl ColumnSpec {
    pub(crate) const fn required(name: &'static str) -> Self {
        Self { name, required: true }
    }

    pub(crate) const fn optional(name: &'static str) -> Self {
        Self { name, required: false }
    }
}

/// The place of a column among those that an adapter asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Slot(pub(super) usize);

impl Slot {
    /// That of the column called `name`, which must be among the declared ones: known when the program is compiled.
    pub(crate) const fn of(declared: &[ColumnSpec], name: &str) -> Self {
        let mut slot = 0;
        while slot < declared.len() {
            if is_same(declared[slot].name.as_bytes(), name.as_bytes()) {
                return Self(slot);
            }
            slot += 1;
        }
        panic!("no such column is declared");
    }
}

const fn is_same(one: &[u8], other: &[u8]) -> bool {
    let mut at = 0;
    while at < one.len() && at < other.len() && one[at] == other[at] {
        at += 1;
    }
    at == one.len() && at == other.len()
}
