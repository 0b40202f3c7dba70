use std::fmt;

use super::{Diagnose, FailureKind, Place, nearest};

/// A name that nothing has: what was asked for, the nearest name if one is near, and all that are known.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub struct UnknownName(Box<NameParts>);

/// Boxed, since errors are passed by value.
#[derive(Clone, Debug, PartialEq, Eq)]
struct NameParts {
    what: &'static str,
    name: String,
    context: String,
    near: Option<String>,
    known: Vec<String>,
}

impl UnknownName {
    /// `name` is not one of `known`, which are all names of a `what`.
    pub fn new<N: AsRef<str>>(what: &'static str, name: &str, known: impl IntoIterator<Item = N>) -> Self {
        let known: Vec<String> = known.into_iter().map(|name| name.as_ref().to_owned()).collect();
        let near = nearest(name, known.iter().map(String::as_str)).map(str::to_owned);
        Self(Box::new(NameParts { what, name: name.to_owned(), context: String::new(), near, known }))
    }

    /// The one of `all` that is called `name`.
    ///
    /// # Errors
    /// When none is.
    pub fn find<T: Copy>(
        what: &'static str,
        name: &str,
        all: &[T],
        name_of: impl Fn(T) -> &'static str,
    ) -> Result<T, Self> {
        let found = all.iter().copied().find(|one| name_of(*one) == name);
        found.ok_or_else(|| Self::new(what, name, all.iter().map(|one| name_of(*one))))
    }

    /// The same, where the names are known only in some context, which is put behind the name: `in the catalogue`.
    #[must_use]
    pub fn in_context(mut self, context: impl Into<String>) -> Self {
        self.0.context = context.into();
        self
    }
}

impl fmt::Display for UnknownName {
    /// ``unknown data set `snowst`; did you mean `snowset`? known: snowset, …``
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let NameParts { what, name, context, near, known } = &*self.0;
        write!(f, "unknown {what} `{name}`")?;
        if !context.is_empty() {
            write!(f, " {context}")?;
        }
        match near {
            Some(near) => write!(f, "; did you mean `{near}`? ")?,
            None => f.write_str("; ")?,
        }
        if known.is_empty() { f.write_str("none is known") } else { write!(f, "known: {}", known.join(", ")) }
    }
}

impl Diagnose for UnknownName {
    fn kind(&self) -> FailureKind {
        FailureKind::Usage
    }

    fn place(&self) -> Option<Place> {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_name_is_reported_with_the_nearest_one_and_all_that_are_known() {
        let known = ["snowset", "ceb"];
        for (unknown, text) in [
            (
                UnknownName::new("data set", "snowst", known),
                "unknown data set `snowst`; did you mean `snowset`? known: snowset, ceb",
            ),
            (UnknownName::new("data set", "zzz", known), "unknown data set `zzz`; known: snowset, ceb"),
            (
                UnknownName::new("data set", "cb", known).in_context("in the catalogue"),
                "unknown data set `cb` in the catalogue; did you mean `ceb`? known: snowset, ceb",
            ),
            (UnknownName::new("experiment", "p", [""; 0]), "unknown experiment `p`; none is known"),
        ] {
            assert_eq!(unknown.to_string(), text);
        }
    }

    #[test]
    fn a_known_name_is_found() {
        assert_eq!(UnknownName::find("digit", "two", &[1, 2], |n| if n == 1 { "one" } else { "two" }), Ok(2));
    }
}
