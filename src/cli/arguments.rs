//! Arguments of several commands.

use std::path::PathBuf;
#[cfg(any(feature = "capture", feature = "fetch"))]
use std::time::Duration;

use clap::ValueEnum;
use clap::builder::{PathBufValueParser, TypedValueParser};

use crate::diagnostics::with_causes;
use crate::experiment::{ExperimentError, Project};
use crate::residual::Math;

#[cfg(any(feature = "capture", feature = "fetch"))]
const SHORTEST: Duration = Duration::from_millis(10);
#[cfg(any(feature = "capture", feature = "fetch"))]
const LONGEST: Duration = Duration::from_secs(1000 * 86_400);

/// A time such as `2` (seconds), `250ms`, `90s`, `10m`, `8h` or `1h 30m`, above 0.
#[cfg(any(feature = "capture", feature = "fetch"))]
pub(super) fn duration(text: &str) -> Result<Duration, String> {
    let duration = match text.trim().parse::<f64>() {
        Ok(seconds) => Duration::try_from_secs_f64(seconds).map_err(|error| error.to_string()),
        Err(_) => humantime::parse_duration(text).map_err(|error| error.to_string()),
    };
    let duration = duration.map_err(|problem| format!("{problem}; write 90, 250ms, 10m or 8h"))?;
    if (SHORTEST..=LONGEST).contains(&duration) { Ok(duration) } else { Err("a time is from 10ms to 1000d".to_owned()) }
}

/// The path of an output, which is never below the accepted results, by whichever links.
pub(super) fn output_path() -> impl TypedValueParser<Value = PathBuf> {
    PathBufValueParser::new().try_map(|path| match Project::here(&path).check_output() {
        Ok(()) => Ok(path),
        Err(ExperimentError::OutInResults { results, .. }) => {
            Err(format!("it is in `{}`, where the accepted results are; give another path", results.display()))
        }
        Err(error) => Err(with_causes(&error)),
    })
}

/// A number of bytes such as `5000`, `64K`, `100M` or `2G`.
pub(super) fn size(text: &str) -> Result<u64, String> {
    let split = text.find(|letter: char| letter.is_alphabetic()).unwrap_or(text.len());
    let unit = match &text[split..] {
        "" | "B" => 1,
        "K" | "KB" | "k" => 1 << 10,
        "M" | "MB" => 1 << 20,
        "G" | "GB" => 1 << 30,
        other => return Err(format!("`{other}` is no unit; known: K, M, G")),
    };
    let count: u64 = text[..split].trim().parse().map_err(|_| "not a size; write 5000, 64K, 100M or 2G".to_owned())?;
    count.checked_mul(unit).filter(|bytes| *bytes > 0).ok_or_else(|| "a size is above 0 and below 2^64".to_owned())
}

#[cfg(all(test, any(feature = "capture", feature = "fetch")))]
mod tests {
    use super::*;

    #[test]
    fn times_and_sizes_are_read_with_their_units() {
        for (text, ms) in [("1", 1000), ("250ms", 250), ("1.5s", 1500), ("10m", 600_000), ("1h 30m", 5_400_000)] {
            assert_eq!(duration(text).unwrap().as_millis(), ms, "{text}");
        }
        for (text, bytes) in [("5000", 5000), ("64K", 65_536), ("2G", 2 << 30)] {
            assert_eq!(size(text).unwrap(), bytes, "{text}");
        }
        for text in ["", "x", "-1", "0", "9y", "1e99", "nan", "inf"] {
            assert!(duration(text).is_err(), "{text}");
            assert!(size(text).is_err(), "{text}");
        }
    }
}

/// Which logarithms.
#[derive(clap::Args)]
pub(super) struct MathArgument {
    /// Logarithms: the same bits on every platform, or those of this platform's C library
    #[arg(long, value_enum, default_value_t = MathName::Portable)]
    math: MathName,
}

#[derive(Clone, Copy, ValueEnum)]
enum MathName {
    Portable,
    System,
}

impl MathArgument {
    pub(super) fn math(&self) -> Math {
        match self.math {
            MathName::Portable => Math::Portable,
            MathName::System => Math::System,
        }
    }
}
