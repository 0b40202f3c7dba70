/// The candidate that `name` is most likely a misspelling of, if any is near enough: a typo or two.
pub fn nearest<'a>(name: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let scored = candidates.into_iter().map(|candidate| (strsim::damerau_levenshtein(name, candidate), candidate));
    let (distance, best) = scored.min_by_key(|(distance, _)| *distance)?;
    (distance <= 1 + name.chars().count() / 4).then_some(best)
}

/// A name of nothing that there is: what was asked for, the nearest name, and all of them.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("there is no {what} `{name}`{suggestion}; there are: {known}")]
pub struct UnknownName {
    what: &'static str,
    name: String,
    suggestion: String,
    known: String,
}

impl UnknownName {
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
        all.iter().copied().find(|one| name_of(*one) == name).ok_or_else(|| {
            let names: Vec<&str> = all.iter().map(|one| name_of(*one)).collect();
            let near = nearest(name, names.iter().copied());
            Self {
                what,
                name: name.to_owned(),
                suggestion: near.map_or_else(String::new, |near| format!("; did you mean `{near}`?")),
                known: names.join(", "),
            }
        })
    }
}
