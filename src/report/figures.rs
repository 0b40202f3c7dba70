//! Which figures there are: each from the tables or tapes of some results, with the digests of what it came from.

use plotters::coord::Shift;
use plotters::prelude::{Color, DrawingArea, IntoFont, PathElement, Rectangle, SVGBackend, Text};

use super::chart::{Axes, Background, Bars, COLORS, Curve, Drawn, FAINT, INK, bars, decades, lines, svg, widened};
use super::data::{ExperimentKind, Outcomes, ResultTable};
use super::figure::{Figure, Section, WIDTH, drawn};
use super::sensitivity::sensitivity;
use super::trials::trials;
use crate::evaluate::{Noise, ScoreInterval};
use crate::experiment::ExperimentError;
use crate::motif::Motif;
use crate::store::Shown;

/// Channels of a data set that get a panel, or a row of the timeline; the others are counted.
const MOST_PANELS: usize = 6;
const MOST_ROWS: usize = 24;

/// All figures that the results have data for, in the order of the report.
pub(super) fn all(results: &[Outcomes]) -> Result<Vec<Figure>, ExperimentError> {
    let mut figures = Vec::new();
    for outcomes in results.iter().filter(|outcomes| is_data_set(outcomes) && !outcomes.episodes.is_empty()) {
        figures.push(timeline(outcomes)?);
        figures.push(residuals(outcomes)?);
    }
    for outcomes in results {
        if let Some(table) = outcomes.table("scores.csv").filter(|_| !outcomes.kind.is_noise()) {
            figures.push(detectors(outcomes, table)?);
        }
        if let Some(table) = outcomes.table("sweep.csv") {
            figures.push(sweep(outcomes, table)?);
        }
        if let Some(table) = outcomes.table("sensitivity.csv") {
            figures.push(sensitivity(outcomes, table)?);
        }
        figures.extend(trials(outcomes)?);
    }
    figures.extend(noise(results)?);
    figures.extend(distributions(results)?);
    Ok(figures)
}

/// Sweeps and scores replay the perturbed stream again and again; its episodes are shown once.
fn is_data_set(outcomes: &Outcomes) -> bool {
    outcomes.kind == ExperimentKind::DataSet
}

/// A name that fits where names stand.
fn cut(name: &str, length: usize) -> String {
    let name = Shown::plain(name).to_string();
    if name.chars().count() <= length {
        return name;
    }
    let start: String = name.chars().take(length - 1).collect();
    format!("{start}…")
}

/// Motif and channel of the episodes, those with the longest episodes first.
fn channels(outcomes: &Outcomes) -> Vec<(Motif, &str)> {
    let mut longest: std::collections::BTreeMap<(Motif, &str), f64> = std::collections::BTreeMap::new();
    for episode in &outcomes.episodes {
        let length = longest.entry((episode.motif, episode.channel.as_str())).or_insert(0.0);
        *length += episode.t_end - episode.t_start;
    }
    let mut channels: Vec<((Motif, &str), f64)> = longest.into_iter().collect();
    channels.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
    channels.into_iter().map(|(channel, _)| channel).collect()
}

fn timeline(outcomes: &Outcomes) -> Result<Figure, ExperimentError> {
    let channels = channels(outcomes);
    let shown = &channels[..channels.len().min(MOST_ROWS)];
    let more = channels.len() - shown.len();
    let name = format!("timeline-{}", outcomes.name);
    let height = 76 + 22 * shown.len() as u32;
    let span = widened(outcomes.span);
    let drawing = svg((WIDTH, height), |area| {
        const LEFT: i32 = 270;
        let right = WIDTH as i32 - 24;
        let across = |t: f64| LEFT + ((t - span.0) / (span.1 - span.0) * f64::from(right - LEFT)) as i32;
        let font = ("sans-serif", 13).into_font().color(&INK);
        for tick in 0..=4 {
            let t = span.0 + (span.1 - span.0) * f64::from(tick) / 4.0;
            let x = across(t);
            area.draw(&PathElement::new([(x, 10), (x, height as i32 - 44)], FAINT.stroke_width(1)))?;
            let label = format!("{t:.0}");
            area.draw(&Text::new(label.clone(), (x - 4 * label.len() as i32, height as i32 - 40), font.clone()))?;
        }
        area.draw(&Text::new("seconds", (LEFT, height as i32 - 20), font.clone()))?;
        for (row, (motif, channel)) in shown.iter().enumerate() {
            let y = 12 + 22 * row as i32;
            area.draw(&Text::new(cut(channel, 32), (8, y + 2), font.clone()))?;
            let color = COLORS[*motif as usize];
            for episode in outcomes.episodes.iter().filter(|e| e.motif == *motif && e.channel == *channel) {
                let (from, to) = (across(episode.t_start), across(episode.t_end));
                area.draw(&Rectangle::new([(from, y + 2), (to.max(from + 2), y + 15)], color.filled()))?;
            }
        }
        Ok(())
    });
    let motifs: Vec<String> = Motif::ALL
        .into_iter()
        .filter(|motif| shown.iter().any(|(other, _)| other == motif))
        .map(|motif| {
            format!("{} ({})", motif.name(), ["blue", "vermilion", "green", "purple", "sky blue"][motif as usize])
        })
        .collect();
    let others = if more > 0 { format!(" Channels not drawn: {more}.") } else { String::new() };
    Ok(Figure {
        svg: drawn(&name, drawing)?,
        caption: format!("{}: each bar is an episode. Motifs: {}.{others}", outcomes.name, motifs.join(", ")),
        section: Section::Found,
        sources: vec![("episodes".to_owned(), outcomes.digest("episodes").to_owned())],
        name,
    })
}

fn residuals(outcomes: &Outcomes) -> Result<Figure, ExperimentError> {
    let channels = channels(outcomes);
    let drawable: Vec<(Motif, &str)> = channels
        .into_iter()
        .filter(|(motif, channel)| outcomes.series.contains_key(&(*motif, (*channel).to_owned())))
        .take(MOST_PANELS)
        .collect();
    let name = format!("residuals-{}", outcomes.name);
    let rows = drawable.len().div_ceil(2).max(1) as u32;
    let columns = if drawable.len() > 1 { 2 } else { 1 };
    let drawing = svg((WIDTH, 230 * rows), |area| {
        for ((motif, channel), panel) in drawable.iter().zip(area.split_evenly((rows as usize, columns))) {
            panel_of(outcomes, *motif, channel, &panel)?;
        }
        Ok(())
    });
    Ok(Figure {
        svg: drawn(&name, drawing)?,
        caption: format!(
            "{}: residuals of the channels with the longest episodes (shaded), with the drift (orange) and the slew or release (blue) thresholds, dashed; \
             of many samples the least and the largest of each stretch are drawn.",
            outcomes.name
        ),
        section: Section::Found,
        sources: vec![
            ("tape".to_owned(), outcomes.digest("tape").to_owned()),
            ("episodes".to_owned(), outcomes.digest("episodes").to_owned()),
        ],
        name,
    })
}

fn panel_of(outcomes: &Outcomes, motif: Motif, channel: &str, panel: &DrawingArea<SVGBackend<'_>, Shift>) -> Drawn {
    let points = outcomes.series.get(&(motif, channel.to_owned())).cloned().unwrap_or_default();
    let of_channel = outcomes.episodes.iter().filter(|e| e.motif == motif && e.channel == channel);
    let levels = [("drift_threshold", COLORS[5]), ("slew_threshold", COLORS[4]), ("release_threshold", COLORS[4])];
    let levels: Vec<_> =
        levels.into_iter().filter_map(|(key, color)| Some((outcomes.parameter(motif, key)?, color))).collect();
    let values = || points.iter().map(|(_, value)| *value).chain(levels.iter().map(|(level, _)| *level));
    let (low, high) = (values().fold(f64::INFINITY, f64::min).min(0.0), values().fold(f64::NEG_INFINITY, f64::max));
    let room = (high - low) * 0.05;
    let axes = Axes {
        title: &format!("{}, {}", cut(channel, 28), motif.name().replace('_', " ")),
        x: "seconds",
        y: "residual",
        x_range: outcomes.span,
        y_range: (low - room, high + room),
    };
    let background = Background { spans: of_channel.map(|e| (e.t_start, e.t_end)).collect(), levels };
    lines(panel, &axes, &background, &[Curve { name: "", points, color: COLORS[0] }])
}

fn detectors(outcomes: &Outcomes, table: &ResultTable) -> Result<Figure, ExperimentError> {
    let all = table.rows.iter().filter(|row| table.cell(row, "motif") == "all");
    let rows: Vec<Bars> = all
        .map(|row| Bars {
            name: table.cell(row, "detector").to_owned(),
            values: vec![table.interval(row, "f1"), table.interval(row, "range_f1")],
        })
        .collect();
    let name = format!("scores-{}", outcomes.name);
    let ticks: Vec<(f64, String)> = [0.0, 0.25, 0.5, 0.75, 1.0].map(|tick| (tick, tick.to_string())).into();
    let drawing = svg((WIDTH, 90 + 34 * rows.len() as u32), |area| {
        bars(area, "All five faults", &["F1", "range-based F1"], &rows, &ticks, |value| value)
    });
    Ok(Figure {
        svg: drawn(&name, drawing)?,
        caption: format!(
            "{}: counting and range-based F1 over all motifs; thin lines are 95 % intervals over seeds. \
             “reference” and “excursion” are the motif engines; “never”, “always” and “periodic” are what a score must tell from a detector.",
            outcomes.name
        ),
        section: Section::Scores,
        sources: vec![(table.name.clone(), table.sha256.clone())],
        name,
    })
}

fn sweep(outcomes: &Outcomes, table: &ResultTable) -> Result<Figure, ExperimentError> {
    let axis = table.rows.first().map_or("", |row| table.cell(row, "axis")).to_owned();
    let mut names = table.distinct("detector");
    // With one detector its motifs are told apart, with several the detectors are.
    let by_motif = names.len() == 1;
    if by_motif {
        names = Motif::ALL.map(Motif::name).to_vec();
    }
    let curve = |name: &str, column: &str| -> Vec<(f64, f64)> {
        let of_name = table.rows.iter().filter(|row| {
            let key = if by_motif { "motif" } else { "detector" };
            table.cell(row, key) == name && (by_motif || table.cell(row, "motif") == "all")
        });
        of_name.filter_map(|row| Some((table.number(row, "value")?, table.number(row, column)?))).collect()
    };
    let values = || table.rows.iter().filter_map(|row| table.number(row, "value"));
    let x_range = (values().fold(f64::INFINITY, f64::min), values().fold(f64::NEG_INFINITY, f64::max));
    let name = format!("sweep-{}", outcomes.name);
    let drawing = svg((WIDTH, 660), |area| {
        let panels = [("F1", "f1", (0.0, 1.02)), ("time to detection, seconds", "detection_delay_s", (0.0, f64::NAN))];
        for ((title, column, y_range), panel) in panels.into_iter().zip(area.split_evenly((2, 1))) {
            let drawn: Vec<Curve<'_>> = names
                .iter()
                .take(COLORS.len())
                .zip(COLORS)
                .map(|(name, color)| Curve { name, points: curve(name, column), color })
                .collect();
            let largest =
                drawn.iter().flat_map(|line| &line.points).fold(1.0_f64, |largest, point| largest.max(point.1));
            let y_range = if y_range.1.is_nan() { (0.0, largest * 1.05) } else { y_range };
            lines(&panel, &Axes { title, x: &axis, y: "", x_range, y_range }, &Background::default(), &drawn)?;
        }
        Ok(())
    });
    let who = if by_motif { "motif by motif" } else { "over all motifs" };
    let hidden = names.len().saturating_sub(COLORS.len());
    let hidden = if hidden > 0 { format!(" In the table only: {hidden} more.") } else { String::new() };
    Ok(Figure {
        svg: drawn(&name, drawing)?,
        caption: format!("{}: F1 and median time to detection against {axis}, {who}.{hidden}", outcomes.name),
        section: Section::Sweeps,
        sources: vec![(table.name.clone(), table.sha256.clone())],
        name,
    })
}

/// False alarms on each kind of noise, for each detector.
fn noise(results: &[Outcomes]) -> Result<Option<Figure>, ExperimentError> {
    let nulls: Vec<(&Outcomes, Noise, &ResultTable)> = results
        .iter()
        .filter_map(|outcomes| match outcomes.kind {
            ExperimentKind::Noise(noise) => Some((outcomes, noise, outcomes.table("scores.csv")?)),
            _ => None,
        })
        .take(COLORS.len())
        .collect();
    let Some((_, _, first)) = nulls.first() else { return Ok(None) };
    let names: Vec<&str> = first
        .rows
        .iter()
        .filter(|row| first.cell(row, "motif") == "all")
        .map(|row| first.cell(row, "detector"))
        .collect();
    let rate = |table: &ResultTable, name: &str| {
        let row =
            table.rows.iter().find(|row| table.cell(row, "motif") == "all" && table.cell(row, "detector") == name);
        row.map_or_else(ScoreInterval::default, |row| table.interval(row, "false_alarms_per_hour"))
    };
    let rows: Vec<Bars> = names
        .iter()
        .map(|name| Bars {
            name: (*name).to_owned(),
            values: nulls.iter().map(|(_, _, table)| rate(table, name)).collect(),
        })
        .collect();
    // Of two experiments on one kind of noise only their names tell them apart.
    let alone = |noise: Noise| nulls.iter().filter(|(_, other, _)| *other == noise).count() == 1;
    let label = |(outcomes, noise, _): &(&'_ Outcomes, Noise, &ResultTable)| {
        if alone(*noise) { noise.name().to_owned() } else { outcomes.name.clone() }
    };
    let kinds: Vec<String> = nulls.iter().map(label).collect();
    let kinds: Vec<&str> = kinds.iter().map(String::as_str).collect();
    let (ticks, place) = decades();
    let drawing = svg((WIDTH, 90 + (10 + 9 * nulls.len() as u32) * rows.len() as u32), |area| {
        bars(area, "False alarms an hour over 15 channels", &kinds, &rows, &ticks, place)
    });
    Ok(Some(Figure {
        svg: drawn("noise", drawing)?,
        name: "noise".to_owned(),
        caption:
            "Noise without a fault: every episode is a false alarm. The scale is by powers of ten; thin lines are 95 % \
            intervals over seeds."
                .to_owned(),
        section: Section::Noise,
        sources: nulls.iter().map(|(outcomes, _, table)| (outcomes.name.clone(), table.sha256.clone())).collect(),
    }))
}

/// Shares of samples up to a size, for cardinalities and for workload mixes.
fn distributions(results: &[Outcomes]) -> Result<Vec<Figure>, ExperimentError> {
    type Get = fn(&Outcomes) -> &[f64];
    let kinds: [(&str, &str, &str, Get); 2] = [
        (
            "q-errors",
            "|log10 of actual over estimated rows|",
            "Cardinality estimates: the share of samples whose q-error is at most so large",
            |o| &o.q_errors,
        ),
        (
            "divergences",
            "Jensen-Shannon divergence, bits",
            "Workload mixes: the share of buckets whose divergence from the one before is at most so large",
            |o| &o.divergences,
        ),
    ];
    let mut figures = Vec::new();
    for (name, x, caption, get) in kinds {
        let sets: Vec<&Outcomes> = results
            .iter()
            .filter(|outcomes| {
                is_data_set(outcomes) && outcomes.outcome.counts.rows.is_some() && get(outcomes).len() > 1
            })
            .collect();
        if sets.is_empty() {
            continue;
        }
        let curve = |values: &[f64]| -> Vec<(f64, f64)> {
            let share = |index: usize| (index + 1) as f64 / values.len() as f64;
            let every = values.len().div_ceil(200);
            (0..values.len())
                .filter(|index| index % every == 0 || index + 1 == values.len())
                .map(|index| (values[index], share(index)))
                .collect()
        };
        let drawn_lines: Vec<Curve<'_>> = sets
            .iter()
            .take(COLORS.len())
            .zip(COLORS)
            .map(|(outcomes, color)| Curve { name: &outcomes.name, points: curve(get(outcomes)), color })
            .collect();
        let largest =
            sets.iter().filter_map(|outcomes| get(outcomes).last()).fold(0.0_f64, |largest, value| largest.max(*value));
        let least =
            sets.iter().filter_map(|outcomes| get(outcomes).first()).fold(0.0_f64, |least, value| least.min(*value));
        let drawing = svg((WIDTH, 330), |area| {
            lines(
                area,
                &Axes { title: "", x, y: "share", x_range: (least, largest), y_range: (0.0, 1.02) },
                &Background::default(),
                &drawn_lines,
            )
        });
        let hidden = sets.len().saturating_sub(COLORS.len());
        let hidden = if hidden > 0 { format!(" Data sets not drawn: {hidden}.") } else { String::new() };
        figures.push(Figure {
            svg: drawn(name, drawing)?,
            name: name.to_owned(),
            caption: format!("{caption}.{hidden}"),
            section: Section::Distributions,
            sources: sets
                .iter()
                .take(COLORS.len())
                .map(|outcomes| (outcomes.name.clone(), outcomes.digest("tape").to_owned()))
                .collect(),
        });
    }
    Ok(figures)
}
