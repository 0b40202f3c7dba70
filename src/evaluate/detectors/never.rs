//! Never fires.

use crate::evaluate::detector::{Detection, Detector, Series, Settings};

/// The detector `never`.
#[derive(Clone, Copy, Debug)]
pub(in crate::evaluate) struct Never;

impl Detector for Never {
    fn name(&self) -> &'static str {
        "never"
    }

    fn title(&self) -> &'static str {
        "never fires"
    }

    fn detect(&self, _: &Series<'_>, _: &Settings) -> Vec<Detection> {
        Vec::new()
    }
}
