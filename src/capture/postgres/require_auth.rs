//! Which ways of asking for a password are allowed: libpq's `require_auth`.

use std::fmt;
use std::str::FromStr;

use crate::capture::ValueProblem;
use crate::diagnostics::UnknownName;

/// A way in which a server asks who somebody is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Method {
    /// The password as it is.
    Password,
    /// A hash that is as good as the password.
    Md5,
    /// A proof that shows nothing.
    Scram,
    /// Kerberos.
    Gss,
    /// Kerberos on Windows.
    Sspi,
}

impl Method {
    const ALL: [(&'static str, Self); 5] = [
        ("password", Self::Password),
        ("md5", Self::Md5),
        ("scram-sha-256", Self::Scram),
        ("gss", Self::Gss),
        ("sspi", Self::Sspi),
    ];

    /// That of a request's code in the protocol; `None` of what goes on with one that was asked for before, or accepts.
    pub(super) const fn of_code(code: i32) -> Option<Self> {
        match code {
            3 => Some(Self::Password),
            5 => Some(Self::Md5),
            7 => Some(Self::Gss),
            9 => Some(Self::Sspi),
            10 => Some(Self::Scram),
            _ => None,
        }
    }

    /// Whether whoever asks can log in with the answer elsewhere.
    pub(super) const fn shows_password(self) -> bool {
        matches!(self, Self::Password | Self::Md5)
    }
}

impl fmt::Display for Method {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = Self::ALL.into_iter().find(|(_, method)| method == self).map_or("", |(name, _)| name);
        f.write_str(name)
    }
}

/// The value of `require_auth`. Empty: whatever does not show the password to a server that has not proved who it is.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct RequireAuth {
    text: String,
    /// None: not given.
    allowed: Option<Vec<Method>>,
    /// Whether a server may ask for nothing at all.
    none: bool,
    negated: bool,
}

impl RequireAuth {
    /// Whether `method` is allowed.
    ///
    /// # Errors
    /// With the value that does not allow it.
    pub(super) fn allows(&self, method: Method) -> Result<(), &str> {
        match &self.allowed {
            Some(allowed) if !allowed.contains(&method) => Err(&self.text),
            _ => Ok(()),
        }
    }

    /// Whether a server may let the role in without asking for anything.
    pub(super) fn allows_none(&self) -> bool {
        self.allowed.is_none() || self.none
    }

    /// Whether somebody has named `method`, and not only left it over by naming others with `!`.
    pub(super) fn names(&self, method: Method) -> bool {
        !self.negated && self.allowed.as_ref().is_some_and(|allowed| allowed.contains(&method))
    }
}

impl FromStr for RequireAuth {
    type Err = ValueProblem;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let entries: Vec<&str> = text.split(',').map(str::trim).filter(|entry| !entry.is_empty()).collect();
        if entries.is_empty() {
            return Ok(Self::default());
        }
        let negated = entries.iter().filter(|entry| entry.starts_with('!')).count();
        if negated != 0 && negated != entries.len() {
            return Err(ValueProblem::MixedMethods);
        }
        let (mut named, mut none) = (Vec::new(), false);
        for entry in entries {
            let name = entry.trim_start_matches('!');
            match Method::ALL.into_iter().find(|(known, _)| *known == name) {
                Some((_, method)) => named.push(method),
                None if name == "none" => none = true,
                None => {
                    let known = Method::ALL.into_iter().map(|(known, _)| known).chain(["none"]);
                    return Err(UnknownName::new("method", name, known).into());
                }
            }
        }
        let allowed = match negated {
            0 => named,
            _ => Method::ALL.into_iter().map(|(_, method)| method).filter(|method| !named.contains(method)).collect(),
        };
        let negated = negated > 0;
        Ok(Self { text: text.to_owned(), allowed: Some(allowed), none: none != negated, negated })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_those_of_libpq() {
        let read = |text: &str| text.parse::<RequireAuth>();
        for (text, password, scram, none) in [
            ("", true, true, true),
            ("scram-sha-256", false, true, false),
            ("password, none", true, false, true),
            ("!password", false, true, true),
            ("!none", true, true, false),
            ("!password,!none", false, true, false),
        ] {
            let auth = read(text).unwrap();
            let found = (auth.allows(Method::Password).is_ok(), auth.allows(Method::Scram).is_ok(), auth.allows_none());
            assert_eq!(found, (password, scram, none), "{text:?}");
        }
        assert!(read("!password,md5").unwrap_err().to_string().contains("with and without `!`"));
        assert!(read("kerberos").unwrap_err().to_string().contains("unknown method `kerberos`"));
    }
}
