//! Figures of injected faults, of pairs of thresholds, and of an engine without its parts.

use super::chart::{Axes, Background, Bars, COLORS, Curve, bars, decades, lines, svg};
use super::data::{Outcomes, ResultTable};
use super::figure::{Figure, Section, WIDTH, drawn};
use crate::evaluate::BOUNDS;
use crate::experiment::ExperimentError;

/// All that an experiment has tables for.
pub(super) fn trials(outcomes: &Outcomes) -> Result<Vec<Figure>, ExperimentError> {
    type Draw = fn(&Outcomes, &ResultTable) -> Result<Figure, ExperimentError>;
    let kinds: [(&str, Draw); 5] = [
        ("injected.csv", injected),
        ("pairs.csv", pairs),
        ("ablation.csv", ablation),
        ("tuned.csv", tuned),
        ("coverage.csv", coverage),
    ];
    let there = kinds.into_iter().filter_map(|(name, draw)| Some((outcomes.table(name)?, draw)));
    there.map(|(table, draw)| draw(outcomes, table)).collect()
}

/// How many are in the table only.
fn hidden(count: usize) -> String {
    match count.saturating_sub(COLORS.len()) {
        0 => String::new(),
        more => format!(" In the table only: {more} more."),
    }
}

fn figure(
    outcomes: &Outcomes,
    table: &ResultTable,
    kind: &str,
    caption: String,
    drawing: Result<String, Box<dyn std::error::Error>>,
) -> Result<Figure, ExperimentError> {
    let name = format!("{kind}-{}", outcomes.name);
    Ok(Figure {
        svg: drawn(&name, drawing)?,
        caption: format!("{}: {caption}", outcomes.name),
        section: Section::Sweeps,
        sources: vec![(table.name.clone(), table.sha256.clone())],
        name,
    })
}

/// Range-based F1 against the size of the fault: a panel a kind, a curve a detector.
fn injected(outcomes: &Outcomes, table: &ResultTable) -> Result<Figure, ExperimentError> {
    let kinds: Vec<&str> = table.distinct("kind").into_iter().filter(|kind| *kind != "none").collect();
    let detectors = table.distinct("detector");
    let sizes = || table.rows.iter().filter(|row| table.cell(row, "kind") != "none");
    let size = |row: &Vec<String>| table.number(row, "size");
    let x_range = (
        sizes().filter_map(size).fold(f64::INFINITY, f64::min),
        sizes().filter_map(size).fold(f64::NEG_INFINITY, f64::max),
    );
    let curve = |kind: &str, detector: &str| -> Vec<(f64, f64)> {
        let of = sizes().filter(|row| {
            table.cell(row, "kind") == kind
                && table.cell(row, "detector") == detector
                && table.cell(row, "motif") == "all"
        });
        of.filter_map(|row| Some((size(row)?, table.number(row, "range_f1")?))).collect()
    };
    let drawing = svg((WIDTH, 300 * kinds.len().max(1) as u32), |area| {
        for (kind, panel) in kinds.iter().zip(area.split_evenly((kinds.len().max(1), 1))) {
            let title = format!("{kind}: range-based F1");
            let axes =
                Axes { title: &title, x: "size, in published slew thresholds", y: "", x_range, y_range: (0.0, 1.02) };
            let curves: Vec<Curve<'_>> = detectors
                .iter()
                .zip(COLORS)
                .map(|(name, color)| Curve { name, points: curve(kind, name), color })
                .collect();
            lines(&panel, &axes, &Background::default(), &curves)?;
        }
        Ok(())
    });
    let caption =
        format!("faults injected into the tape, by kind and size, over all motifs.{}", hidden(detectors.len()));
    figure(outcomes, table, "inject", caption, drawing)
}

/// Precision against recall: a curve for each factor on the first threshold, along those on the second.
fn pairs(outcomes: &Outcomes, table: &ResultTable) -> Result<Figure, ExperimentError> {
    let [first, second] = [0, 1].map(|at| table.header.get(at).cloned().unwrap_or_default());
    let factors = table.distinct(&first);
    let names: Vec<String> = factors.iter().map(|factor| format!("× {factor}")).collect();
    let curve = |factor: &str| -> Vec<(f64, f64)> {
        let of = table.rows.iter().filter(|row| table.cell(row, &first) == factor && table.cell(row, "motif") == "all");
        of.filter_map(|row| Some((table.number(row, "recall")?, table.number(row, "precision")?))).collect()
    };
    let drawing = svg((WIDTH, 400), |area| {
        let axes = Axes { title: "", x: "recall", y: "precision", x_range: (0.0, 1.02), y_range: (0.0, 1.02) };
        let curves: Vec<Curve<'_>> = factors
            .iter()
            .zip(&names)
            .zip(COLORS)
            .map(|((factor, name), color)| Curve { name, points: curve(factor), color })
            .collect();
        lines(area, &axes, &Background::default(), &curves)
    });
    let caption = format!(
        "precision against recall over all motifs, a line for each factor on {first}, along the factors on {second}.{}",
        hidden(factors.len())
    );
    figure(outcomes, table, "pairs", caption, drawing)
}

/// Of the engine without each of its parts: both F1 where something is planted, else false alarms.
fn ablation(outcomes: &Outcomes, table: &ResultTable) -> Result<Figure, ExperimentError> {
    let all = || table.rows.iter().filter(|row| table.cell(row, "motif") == "all");
    let rows = |columns: &[&str]| -> Vec<Bars> {
        let values = |row: &Vec<String>| columns.iter().map(|column| table.interval(row, column)).collect();
        all().map(|row| Bars { name: table.cell(row, "without").to_owned(), values: values(row) }).collect()
    };
    let size = (WIDTH, 90 + 34 * all().count() as u32);
    let is_planted = all().any(|row| table.number(row, "windows").is_some_and(|windows| windows > 0.0));
    let (drawing, what) = if is_planted {
        let ticks = quarters();
        let (names, rows) = (["range-based F1", "F1"], rows(&["range_f1", "f1"]));
        (svg(size, |area| bars(area, "The engine without", &names, &rows, &ticks, |value| value)), "both F1")
    } else {
        let ((ticks, place), rows) = (decades(), rows(&["false_alarms_per_hour"]));
        let title = "The engine without: false alarms an hour over 15 channels";
        (svg(size, |area| bars(area, title, &["false alarms an hour"], &rows, &ticks, place)), "false alarms")
    };
    let caption =
        format!("{what} of the engine without each of its parameters; thin lines are 95 % intervals over seeds.");
    figure(outcomes, table, "ablation", caption, drawing)
}

/// Shares from 0 to 1, as ticks.
fn quarters() -> Vec<(f64, String)> {
    [0.0, 0.25, 0.5, 0.75, 1.0].map(|tick| (tick, tick.to_string())).into()
}

/// Range-based F1 of each detector as it is, and with the parameters that were best on other seeds.
fn tuned(outcomes: &Outcomes, table: &ResultTable) -> Result<Figure, ExperimentError> {
    let name_of = |row: &[String]| {
        let mark = if table.cell(row, "tuned") == "true" { ", tuned" } else { "" };
        format!("{}{mark}", table.cell(row, "detector"))
    };
    let all = table.rows.iter().filter(|row| table.cell(row, "motif") == "all");
    let rows: Vec<Bars> =
        all.map(|row| Bars { name: name_of(row), values: vec![table.interval(row, "range_f1")] }).collect();
    let drawing = svg((WIDTH, 90 + 24 * rows.len() as u32), |area| {
        bars(area, "All five faults", &["range-based F1"], &rows, &quarters(), |value| value)
    });
    let caption =
        "detectors with their usual parameters, and with those that were best on other seeds; engines are not tuned.";
    figure(outcomes, table, "tuned", caption.to_owned(), drawing)
}

/// The share of intervals that have the truth in them.
fn coverage(outcomes: &Outcomes, table: &ResultTable) -> Result<Figure, ExperimentError> {
    let row = |row: &Vec<String>| {
        let [detector, score, runs] = ["detector", "score", "runs"].map(|column| table.cell(row, column));
        let score = match score {
            "range_f1" => "range-based F1",
            "f1" => "F1",
            "detection_delay_s" => "delay",
            "false_alarms_per_hour" => "false alarms",
            other => other,
        };
        Bars { name: format!("{detector}, {score}, {runs}"), values: vec![table.interval(row, "coverage")] }
    };
    // Nothing varies of these two.
    let is_shown =
        |row: &&Vec<String>| table.cell(row, "motif") == "all" && !BOUNDS.contains(&table.cell(row, "detector"));
    let rows: Vec<Bars> = table.rows.iter().filter(is_shown).map(row).collect();
    // What the intervals claim is marked instead of the end of the scale.
    let mut ticks = quarters();
    if let Some(end) = ticks.last_mut() {
        *end = (0.95, "0.95".to_owned());
    }
    let drawing = svg((WIDTH, 90 + 24 * rows.len() as u32), |area| {
        bars(area, "Detector, score, runs of a draw", &["share of intervals with the truth"], &rows, &ticks, |value| {
            value
        })
    });
    let caption = "the share of 95 % bootstrap intervals over so many runs that have the truth in them, over all motifs; \
                   thin lines are 95 % intervals of the share. In the table only: each motif, always and never.";
    figure(outcomes, table, "coverage", caption.to_owned(), drawing)
}
