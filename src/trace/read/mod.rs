//! From bytes to typed columns: every row that cannot be used is named by its place, or counted by its reason.

mod commas;
pub(crate) mod csv;
pub(crate) mod header;
pub(crate) mod lines;
mod records;
pub(crate) mod row;
pub(crate) mod time;
