use super::Exit;

/// Declares the kinds, each with its name in JSON, the exit codes that it can have (the usual one first) and what it means.
macro_rules! failure_kinds {
    ($($kind:ident = $name:literal: $($exit:ident)|+, $meaning:literal;)*) => {
        /// What is wrong, as a program that reads `--json` tells failures apart.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum FailureKind {
            $(#[doc = $meaning] $kind,)*
        }

        impl FailureKind {
            /// All of them, in the order of the documentation.
            pub const ALL: &[Self] = &[$(Self::$kind),*];

            /// Its name in JSON.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$kind => $name,)*
                }
            }

            /// The exit codes that a failure of this kind can have, the usual one first.
            #[must_use]
            pub const fn exits(self) -> &'static [Exit] {
                match self {
                    $(Self::$kind => &[$(Exit::$exit),+],)*
                }
            }

            /// What it means, in one sentence.
            #[must_use]
            pub const fn meaning(self) -> &'static str {
                match self {
                    $(Self::$kind => $meaning,)*
                }
            }
        }
    };
}

failure_kinds! {
    Internal = "internal": Internal, "This is a defect of telltape, or the machine failed.";
    Write = "write": Internal | TryAgain, "A file cannot be written; exit code 75 in `shard run`.";
    Busy = "busy": Internal, "Another program is writing there.";
    Sample = "sample": Internal, "A sample is not one that a tape can hold.";
    LineTooLong = "line-too-long": Internal, "A line is longer than a recording can hold.";
    Usage = "usage": Usage, "The arguments are not usable.";
    Experiment = "experiment": Usage, "An experiment file cannot be read, is not valid, or does not exist.";
    Grammar = "grammar": Usage, "A grammar file is not valid.";
    Exists = "exists": Usage, "Something is in the way that is not replaced, such as a recording.";
    Out = "out": Usage, "Outputs would be written over accepted results.";
    Ci = "ci": Usage, "Results are not accepted in CI.";
    Key = "key": Usage, "A public key is not one.";
    Orphan = "orphan": NoExpected, "No experiment claims an expected result.";
    Skipped = "skipped": NoExpected, "Experiments were skipped, and `--fail-on-skip` is given.";
    Read = "read": Input | TryAgain, "A file cannot be read; exit code 75 in `shard run` unless the file is missing.";
    NoManifest = "no-manifest": Input, "A tape or a recording has no manifest.";
    Manifest = "manifest": Input, "A manifest is not one.";
    ManifestDisagrees = "manifest-disagrees": Input, "A manifest contradicts its tape.";
    Format = "format": Input, "A tape is of a newer format.";
    Hash = "hash": Input, "A tape has changed since its manifest was written.";
    Line = "line": Input, "A line of a tape or of a recording is not valid.";
    Signature = "signature": Input, "A signature is missing, or is not that of the file.";
    Trace = "trace": Input, "A trace or the catalogue is not what its format says.";
    Empty = "empty": Input, "No sample is left.";
    Nothing = "nothing": Input, "There is nothing to salvage.";
    Table = "table": Input, "A table of windows, episodes or rows is not valid.";
    Detector = "detector": Input, "The command of a detector failed, or its answer is not valid.";
    NoData = "no-data": Input, "A trace of the catalogue is not there yet.";
    Result = "result": Input, "A result is not what it says.";
    Stale = "stale": Input | Refused, "A result or a plan is of an earlier state of an experiment; exit code 14 in `shard merge`.";
    Plan = "plan": Input, "A plan of shards is not valid, or cannot be made.";
    Program = "program": Input | Refused, "A plan is for another build; exit code 14 in `shard merge`.";
    Input = "input": Input, "An input is not the one of the plan.";
    NoServer = "no-server": Input, "There is no PostgreSQL to start a throw-away server of.";
    Server = "server": Incomplete, "A throw-away server, or a program that uses it, failed.";
    Unwatched = "unwatched": Incomplete, "A live experiment saw too little.";
    Refused = "refused": Incomplete | Refused, "The server refused a capture; or, with exit code 14, shards cannot be merged.";
    NotReady = "not-ready": Incomplete, "The server is not ready for a capture.";
    Gone = "gone": Incomplete, "The server went away during a capture.";
    Nondeterminism = "nondeterminism": Nondeterminism, "A shard gave other bytes than before.";
    Interrupted = "interrupted": Interrupted, "Ctrl-C or SIGTERM ended it.";
}

impl FailureKind {
    /// The usual exit code of a failure of this kind.
    #[must_use]
    pub const fn exit(self) -> Exit {
        self.exits()[0]
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    /// The table of `docs/json.md`.
    fn table() -> String {
        let rows = FailureKind::ALL.iter().map(|kind| {
            let codes: Vec<String> = kind.exits().iter().map(|exit| exit.code().to_string()).collect();
            format!("| `{}` | {} | {} |\n", kind.name(), codes.join(", "), kind.meaning())
        });
        format!("| `kind` | `code` | meaning |\n| --- | --- | --- |\n{}", rows.collect::<String>())
    }

    #[test]
    fn the_document_lists_every_kind_with_its_exit_codes() {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/json.md");
        let document = std::fs::read_to_string(path).unwrap();
        let (begin, end) = ("<!-- begin kinds -->\n", "<!-- end kinds -->\n");
        let (_, rest) = document.split_once(begin).unwrap();
        let (section, _) = rest.split_once(end).unwrap();
        let expected = format!("\n{}\n", table());
        assert_eq!(section, expected, "put this between the marks in docs/json.md:\n{expected}");
    }
}
