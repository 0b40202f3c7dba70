use super::failure::Failure;
use crate::trace::{Catalogue, CatalogueEntry};

/// The entries of these names; none means all.
pub(super) fn selected<'a>(
    catalogue: &'a Catalogue,
    names: &'a [String],
) -> Result<Vec<(&'a str, &'a CatalogueEntry)>, Failure> {
    if names.is_empty() {
        let all: Vec<_> = catalogue.entries().collect();
        if all.is_empty() {
            // To say nothing would pass for `ok`.
            return Err(catalogue.nothing_in_it().into());
        }
        return Ok(all);
    }
    let named = names.iter().map(|name| {
        let entry = catalogue.get(name)?;
        Ok((name.as_str(), entry))
    });
    named.collect()
}
