use super::failure::Failure;
use crate::trace::{Catalogue, CatalogueEntry};

/// The entries of these names; none means all but those of other people's files that are not there.
pub(super) fn selected<'a>(
    catalogue: &'a Catalogue,
    names: &'a [String],
) -> Result<Vec<(&'a str, &'a CatalogueEntry)>, Failure> {
    if names.is_empty() {
        let mut entries = catalogue.entries().peekable();
        if entries.peek().is_none() {
            // To say nothing would pass for `ok`.
            return Err(catalogue.nothing_in_it().into());
        }
        return Ok(entries.filter(|(_, entry)| !catalogue.is_left_out(entry)).collect());
    }
    let named = names.iter().map(|name| {
        let entry = catalogue.get(name)?;
        Ok((name.as_str(), entry))
    });
    named.collect()
}
