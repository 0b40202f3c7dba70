use std::error::Error;

use super::{Exit, FailureKind, Place};

/// What a user or a program is given of an error, beside its text.
///
/// An error implements it in its own module; the command line prints whatever does.
pub trait Diagnose: Error {
    /// What is wrong.
    fn kind(&self) -> FailureKind;

    /// Where, as far as it is about a file.
    fn place(&self) -> Option<Place>;

    /// The exit code of a command that it ends: one of [`FailureKind::exits`], the usual one unless an error says otherwise.
    fn exit(&self) -> Exit {
        self.kind().exit()
    }
}

impl<E: Diagnose + ?Sized> Diagnose for &E {
    fn kind(&self) -> FailureKind {
        (**self).kind()
    }

    fn place(&self) -> Option<Place> {
        (**self).place()
    }

    fn exit(&self) -> Exit {
        (**self).exit()
    }
}
