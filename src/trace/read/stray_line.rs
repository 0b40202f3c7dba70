use std::fmt;

/// What a line is that is no row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum StrayLine {
    /// `(10 rows)`, in any language.
    Footer,
    /// `Time: 3.126 ms`, in any language.
    Timing,
    /// `COPY 10`.
    Tag,
    /// `---+---`.
    Rule,
    /// The header once more.
    Header,
    /// The header of a file with the columns in another order, or with other ones besides.
    OtherHeader,
}

impl StrayLine {
    /// The reason under which such lines are counted.
    pub(super) const fn reason(self) -> &'static str {
        match self {
            Self::Footer => "footer of psql",
            Self::Timing => "timing of psql",
            Self::Tag => "command tag of psql",
            Self::Rule => "rule of a drawn table",
            Self::Header | Self::OtherHeader => "header again",
        }
    }

    /// Whether what follows would be read wrongly.
    pub(super) const fn is_fatal(self) -> bool {
        matches!(self, Self::OtherHeader)
    }
}

impl fmt::Display for StrayLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Footer => {
                "is psql's footer and no row; write the file with `psql --csv` or `\\copy … TO 'x.csv' CSV HEADER`, or pass \
                 `-P footer=off` to psql"
            }
            Self::Timing => "is psql's timing and no row; take `\\timing` out of ~/.psqlrc, or pass `-X` to psql",
            Self::Tag => "is a message of psql and no row; pass `-q` to psql",
            Self::Rule => {
                "is a rule of a table that is drawn for people to read; write the file with `psql --csv` or `\\copy … TO 'x.csv' CSV HEADER`"
            }
            Self::Header => {
                "is the header again, so the file is several that were put together; put all but the first one there without \
                 their headers, or pass the files themselves, such as 'folder/*.csv'"
            }
            Self::OtherHeader => {
                "is another header, so the file is several that were put together, of other columns or in another order; bring \
                 them into one order first"
            }
        })
    }
}
