use serde::Deserialize;

/// Seeds that follow one another.
#[derive(Clone, Copy, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Seeds {
    pub(super) first: u64,
    pub(super) count: u64,
}

impl Seeds {
    /// All of them; `None` if there is none, more than `most`, or one that is too large.
    pub(super) fn all(self, most: u64) -> Option<Vec<u64>> {
        let Self { first, count } = self;
        if !(1..=most).contains(&count) {
            return None;
        }
        Some((first..=first.checked_add(count - 1)?).collect())
    }
}
