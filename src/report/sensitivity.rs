//! Figures of what each parameter of an engine does when it alone is made smaller or larger.

use super::chart::{Bars, COLORS, bars, decades, svg};
use super::data::{Outcomes, ResultTable};
use super::figure::{Figure, Section, WIDTH, drawn};
use crate::evaluate::ScoreInterval;
use crate::experiment::ExperimentError;

/// F1 and time to detection where something is planted, else false alarms: a row a parameter, a bar a factor.
pub(super) fn sensitivity(outcomes: &Outcomes, table: &ResultTable) -> Result<Figure, ExperimentError> {
    let all = || table.rows.iter().filter(|row| table.cell(row, "motif") == "all");
    let (parameters, mut factors) = (table.distinct("axis"), table.distinct("value"));
    let hidden = factors.len().saturating_sub(COLORS.len());
    factors.truncate(COLORS.len());
    let measures: Vec<String> = factors.iter().map(|factor| format!("× {factor}")).collect();
    let measures: Vec<&str> = measures.iter().map(String::as_str).collect();
    let rows = |column: &str| -> Vec<Bars> {
        let value = |parameter: &str, factor: &str| {
            let row = all().find(|row| table.cell(row, "axis") == parameter && table.cell(row, "value") == factor);
            row.map_or_else(ScoreInterval::default, |row| table.interval(row, column))
        };
        let bars = |parameter: &&str| Bars {
            name: (*parameter).to_owned(),
            values: factors.iter().map(|factor| value(parameter, factor)).collect(),
        };
        parameters.iter().map(bars).collect()
    };
    let height = 90 + (10 + 9 * factors.len() as u32) * parameters.len() as u32;
    let planted = all().any(|row| table.number(row, "windows").is_some_and(|windows| windows > 0.0));
    let (drawing, what) = if planted {
        let largest = all().filter_map(|row| table.number(row, "detection_delay_s")).fold(1.0, f64::max).ceil();
        let drawing = svg((WIDTH, 2 * height), |area| {
            let (above, below) = area.split_vertically(height as i32);
            let quarters =
                |most: f64| [0.0, 0.25, 0.5, 0.75, 1.0].map(|share| (share * most, (share * most).to_string()));
            bars(&above, "Range-based F1", &measures, &rows("range_f1"), &quarters(1.0), |value| value)?;
            let place = |value| value / largest;
            let delays = rows("detection_delay_s");
            bars(&below, "Time to detection, seconds", &measures, &delays, &quarters(largest), place)
        });
        (drawing, "range-based F1 and median time to detection over all motifs")
    } else {
        let (ticks, place) = decades();
        let drawing = svg((WIDTH, height), |area| {
            let alarms = rows("false_alarms_per_hour");
            bars(area, "False alarms an hour over 15 channels", &measures, &alarms, &ticks, place)
        });
        (drawing, "false alarms an hour, by powers of ten")
    };
    let name = format!("sensitivity-{}", outcomes.name);
    let hidden = if hidden > 0 { format!(" In the table only: {hidden} more.") } else { String::new() };
    Ok(Figure {
        svg: drawn(&name, drawing)?,
        caption: format!(
            "{}: each parameter of all motifs at so many times its value, the others as they are; {what}.{hidden}",
            outcomes.name
        ),
        section: Section::Sweeps,
        sources: vec![(table.name.clone(), table.sha256.clone())],
        name,
    })
}
