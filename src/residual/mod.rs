//! Residuals: actual minus expected, one number a sample, and the columnar [`Stream`] that holds them.
//!
//! A sample is (`t` in seconds, [`Class`], value, channel). This room knows nothing of files.

mod channels;
mod class;
pub mod divergence;
pub mod formula;
mod math;
pub mod number;
mod stream;

pub use channels::{ChannelId, Channels};
pub use class::Class;
pub use math::Math;
pub use stream::{LARGEST, OutOfRange, Sample, Stream, StreamBuilder, in_range};
