use serde::Deserialize;

/// Seeds that follow one another.
#[derive(Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Seeds {
    pub(super) first: u64,
    pub(super) count: u64,
}
