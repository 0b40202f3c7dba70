//! Residuals that are relative to a level: the published construction, and `plain`.

use super::series::ValueSeries;
use super::sheet::Sheet;
use crate::residual::formula;
use crate::trace::TraceError;
use crate::trace::baseline::history::RollingMedian;
use crate::trace::output::Output;

/// Values of a channel that the published baseline is the mean of, for ever.
const PUBLISHED_BASELINE: usize = 3;

/// Values of a channel that ours needs; a generic series may be short.
const KNOWN: usize = 3;

/// What a series moves within, as a part of its largest value of late, may be its median or not: relative to less, a value
/// near 0 would be a change without bounds.
const FLOOR: f64 = 1e-3;

pub(super) fn as_they_are(
    output: &mut Output<'_>,
    sheet: &Sheet,
    series: &[ValueSeries<'_>],
) -> Result<(), TraceError> {
    for ValueSeries { name, column, class, rows } in series {
        let values = sheet.values(*column);
        let channel = output.builder.channel(name);
        for row in rows.iter() {
            output.row(*row, &[(sheet.t()[*row], *class, values[*row], channel)])?;
        }
    }
    Ok(())
}

pub(super) fn reference(output: &mut Output<'_>, sheet: &Sheet, series: &[ValueSeries<'_>]) -> Result<(), TraceError> {
    for ValueSeries { name, column, class, rows } in series {
        let values = sheet.values(*column);
        if rows.len() <= PUBLISHED_BASELINE {
            output.withdraw(rows, "in a channel of three rows or fewer");
            continue;
        }
        let (first, rest) = rows.split_at(PUBLISHED_BASELINE);
        first.iter().for_each(|row| output.feeds(*row));
        let baseline = first.iter().fold(-0.0, |sum, row| sum + values[*row]) / PUBLISHED_BASELINE as f64;
        let channel = output.builder.channel(name);
        for row in rest {
            let residual = formula::latency(values[*row], baseline);
            output.row(*row, &[(sheet.t()[*row], *class, residual, channel)])?;
        }
    }
    Ok(())
}

pub(super) fn plain(output: &mut Output<'_>, sheet: &Sheet, series: &[ValueSeries<'_>]) -> Result<(), TraceError> {
    for ValueSeries { name, column, class, rows } in series {
        let values = sheet.values(*column);
        let channel = output.builder.channel(name);
        let (mut history, mut sizes) = (RollingMedian::default(), RollingMedian::default());
        for row in rows.iter() {
            let value = values[*row];
            let floor = FLOOR * sizes.largest().unwrap_or_default().max(value.abs());
            let known = history.after(KNOWN).zip(sizes.after(KNOWN));
            let residual = known.map(|(median, size)| relative(value, median, size.max(floor)));
            let residual = residual.map(|residual| (sheet.t()[*row], *class, residual, channel));
            if output.row(*row, residual.as_slice())? {
                history.push(value);
                sizes.push(value.abs());
            }
        }
    }
    Ok(())
}

/// What a value is away from the median of those before, in units of their usual size.
fn relative(value: f64, median: f64, size: f64) -> f64 {
    // Of the published formula, the floor that is there already.
    (value - median) / size.max(1e-9)
}
