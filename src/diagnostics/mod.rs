//! What errors have in common: the place, the kind, the exit code, and how an unknown name is reported.

mod causes;
mod counted;
mod diagnose;
mod exit;
mod failure_kind;
mod parser;
mod place;
mod suggest;
mod unknown_name;

pub use causes::with_causes;
pub use counted::counted;
pub use diagnose::Diagnose;
pub use exit::{EXIT_CODES, Exit};
pub use failure_kind::FailureKind;
pub use parser::{problem_of_parser, reword_unknown_name};
pub use place::{Place, line_and_column};
pub use suggest::nearest;
pub use unknown_name::UnknownName;
