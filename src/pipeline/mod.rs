//! From a server to episodes while it happens: what [`crate::capture`] writes is distilled to a tape and replayed line by line,
//! and at the end the tape is replayed as a whole, which must give the same.

mod follower;

pub use follower::{Activity, Followed, Follower};
