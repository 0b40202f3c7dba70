//! What residuals are compared with: the recent past of the same item, and the mix of what ran before.

pub(crate) mod history;
pub(crate) mod mix;
pub(crate) mod robust;
mod season;
