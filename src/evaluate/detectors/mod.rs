//! The detectors, a file each, and the list of them.

pub(super) mod adwin;
pub(super) mod adwin_reference;
mod always;
pub(super) mod belief;
pub(super) mod bocpd;
mod bocpd_reference;
mod cusum;
mod hold;
mod mad;
mod never;
pub(super) mod pelt;
mod pelt_reference;
mod periodic;
pub(super) mod robust;
mod threshold;

use super::Detector;
use crate::diagnostics::UnknownName;
use adwin::Adwin;
use adwin_reference::AdwinReference;
use always::Always;
use bocpd::Bocpd;
use bocpd_reference::BocpdReference;
use cusum::Cusum;
use mad::Mad;
use never::Never;
use pelt::Pelt;
use pelt_reference::PeltReference;
use periodic::Periodic;
use threshold::Threshold;

/// All detectors.
pub static DETECTORS: [&dyn Detector; 12] = [
    &AdwinReference,
    &BocpdReference,
    &PeltReference,
    &Adwin,
    &Bocpd,
    &Pelt,
    &Threshold,
    &Mad,
    &Cusum,
    &Never,
    &Always,
    &Periodic,
];

/// The two that are in every table of scores: whoever scores no better has found nothing.
pub const BOUNDS: [&str; 2] = ["always", "never"];

/// The detector of this name.
///
/// # Errors
/// When there is none.
pub fn find_detector(name: &str) -> Result<&'static dyn Detector, UnknownName> {
    UnknownName::find("detector", name, &DETECTORS, |detector| detector.name())
}
