//! The detectors of [`DETECTORS`](super::DETECTORS), a file each.

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

pub(super) use adwin::Adwin;
pub(super) use adwin_reference::AdwinReference;
pub(super) use always::Always;
pub(super) use bocpd::Bocpd;
pub(super) use bocpd_reference::BocpdReference;
pub(super) use cusum::Cusum;
pub(super) use mad::Mad;
pub(super) use never::Never;
pub(super) use pelt::Pelt;
pub(super) use pelt_reference::PeltReference;
pub(super) use periodic::Periodic;
pub(super) use threshold::Threshold;
