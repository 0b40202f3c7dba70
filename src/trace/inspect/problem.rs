use std::fmt;
use std::path::PathBuf;

/// No data set reads a file as it is, or several do.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct RecognitionProblem {
    /// The file.
    pub path: PathBuf,
    /// The names of the data sets that read it.
    pub datasets: Vec<&'static str>,
}

impl std::error::Error for RecognitionProblem {}

impl fmt::Display for RecognitionProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.datasets[..] {
            [] => f.write_str("no data set reads this file as it is")?,
            datasets => {
                let flags: Vec<String> = datasets.iter().map(|dataset| format!("--dataset {dataset}")).collect();
                write!(f, "several data sets read this file: {}", flags.join(" or "))?;
            }
        }
        write!(f, "; pass --dataset; `telltape inspect {}` says more", self.path.display())
    }
}
