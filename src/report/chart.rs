//! Line charts, bar charts and timelines as SVG, on plotters' SVG backend without its font libraries: sizes of texts are
//! estimated, so that no font of the machine decides where anything is.

use plotters::coord::Shift;
use plotters::prelude::*;

use crate::evaluate::ScoreInterval;
use crate::residual::Math;

/// A drawing could not be made: a defect, for an SVG in memory has nothing that can fail.
pub(super) type Drawn = Result<(), Box<dyn std::error::Error>>;

type Area<'a> = DrawingArea<SVGBackend<'a>, Shift>;

/// Text and axes.
pub(super) const INK: RGBColor = RGBColor(0x1A, 0x1B, 0x1E);
/// Grid lines and quiet marks.
pub(super) const FAINT: RGBColor = RGBColor(0xC8, 0xCB, 0xD2);
/// Fills behind what matters.
pub(super) const WASH: RGBColor = RGBColor(0xF4, 0xD9, 0xA6);

/// Colours that people with any colour vision tell apart (Okabe and Ito, 2008), without black and yellow.
pub(super) const COLORS: [RGBColor; 6] = [
    RGBColor(0x00, 0x72, 0xB2),
    RGBColor(0xD5, 0x5E, 0x00),
    RGBColor(0x00, 0x9E, 0x73),
    RGBColor(0xCC, 0x79, 0xA7),
    RGBColor(0x56, 0xB4, 0xE9),
    RGBColor(0xE6, 0x9F, 0x00),
];

/// Colours by name, so that a page can set them for dark and light; a viewer that knows no variables takes the colour.
fn themed(svg: &str) -> String {
    let mut themed = svg.to_owned();
    let names = ["c0", "c1", "c2", "c3", "c4", "c5"].into_iter().zip(COLORS);
    for (name, color) in names.chain([("ink", INK), ("faint", FAINT), ("wash", WASH)]) {
        let hex = format!("#{:02X}{:02X}{:02X}", color.0, color.1, color.2);
        themed = themed.replace(&format!("\"{hex}\""), &format!("\"var(--{name},{hex})\""));
    }
    themed
}

/// An SVG of that size in pixels; `draw` fills it.
pub(super) fn svg(
    size: (u32, u32),
    draw: impl FnOnce(&Area<'_>) -> Drawn,
) -> Result<String, Box<dyn std::error::Error>> {
    let mut text = String::new();
    {
        let area = SVGBackend::with_string(&mut text, size).into_drawing_area();
        draw(&area)?;
        area.present()?;
    }
    Ok(themed(&text))
}

/// How a chart's axes are labelled, and from where to where they go.
pub(super) struct Axes<'a> {
    pub(super) title: &'a str,
    pub(super) x: &'a str,
    pub(super) y: &'a str,
    pub(super) x_range: (f64, f64),
    pub(super) y_range: (f64, f64),
}

/// A curve, or steps, of one colour.
pub(super) struct Curve<'a> {
    pub(super) name: &'a str,
    pub(super) points: Vec<(f64, f64)>,
    pub(super) color: RGBColor,
}

/// Stretches of time and levels that lie behind the lines.
#[derive(Default)]
pub(super) struct Background {
    pub(super) spans: Vec<(f64, f64)>,
    /// Horizontal lines at plus and minus the level, dashed.
    pub(super) levels: Vec<(f64, RGBColor)>,
}

/// A range that is not empty.
pub(super) fn widened((low, high): (f64, f64)) -> (f64, f64) {
    let (low, high) = if low.is_finite() && high.is_finite() { (low, high) } else { (0.0, 1.0) };
    if high > low { (low, high) } else { (low - 0.5, high + 0.5) }
}

fn short(number: f64) -> String {
    let size = number.abs();
    let text =
        if size >= 1e5 || (size < 1e-3 && size > 0.0) { format!("{number:.0e}") } else { format!("{number:.3}") };
    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').to_owned() } else { text }
}

/// Lines over a grid, with their names beside them.
pub(super) fn lines(area: &Area<'_>, axes: &Axes<'_>, background: &Background, lines: &[Curve<'_>]) -> Drawn {
    let font = ("sans-serif", 13).into_font().color(&INK);
    let (mut x, y) = (widened(axes.x_range), widened(axes.y_range));
    let named = lines.iter().any(|line| !line.name.is_empty());
    if named {
        // Room for the names, which no line then crosses.
        x.1 += (x.1 - x.0) * 0.25;
    }
    let mut chart = ChartBuilder::on(area)
        .caption(axes.title, ("sans-serif", 15).into_font().color(&INK))
        .margin(8)
        .x_label_area_size(38)
        .y_label_area_size(56)
        .build_cartesian_2d(x.0..x.1, y.0..y.1)?;
    chart.draw_series(background.spans.iter().map(|(start, end)| {
        let (start, end) = (start.clamp(x.0, x.1), end.clamp(x.0, x.1));
        Rectangle::new([(start, y.0), (end, y.1)], WASH.filled())
    }))?;
    chart
        .configure_mesh()
        .x_desc(axes.x)
        .y_desc(axes.y)
        .axis_desc_style(font.clone())
        .label_style(font.clone())
        .axis_style(FAINT)
        .bold_line_style(FAINT.stroke_width(1))
        .light_line_style(TRANSPARENT)
        .x_labels(7)
        .y_labels(5)
        .x_label_formatter(&|x| short(*x))
        .y_label_formatter(&|y| short(*y))
        .draw()?;
    for (level, color) in &background.levels {
        for level in [*level, -level] {
            if (y.0..=y.1).contains(&level) {
                chart.draw_series(DashedLineSeries::new([(x.0, level), (x.1, level)], 6, 4, color.stroke_width(1)))?;
            }
        }
    }
    for line in lines {
        let style = line.color.stroke_width(2);
        let series = chart.draw_series(LineSeries::new(line.points.iter().copied(), style))?;
        if !line.name.is_empty() {
            let color = line.color;
            series
                .label(line.name)
                .legend(move |(x, y)| PathElement::new([(x, y), (x + 16, y)], color.stroke_width(3)));
        }
    }
    if named {
        let position = SeriesLabelPosition::LowerRight;
        chart.configure_series_labels().position(position).label_font(font).border_style(TRANSPARENT).draw()?;
    }
    Ok(())
}

/// Ticks and places of a scale from a tenth to ten thousand; what is less than a tenth is at its left end.
pub(super) fn decades() -> (Vec<(f64, String)>, impl Fn(f64) -> f64) {
    const POWERS: [f64; 6] = [0.1, 1.0, 10.0, 100.0, 1000.0, 10_000.0];
    let place = |value: f64| (Math::Portable.log10(value.max(POWERS[0])) + 1.0) / (POWERS.len() - 1) as f64;
    (POWERS.iter().map(|power| (*power, power.to_string())).collect(), place)
}

/// A row of a bar chart: its name, and for each measure the value and its interval.
pub(super) struct Bars {
    pub(super) name: String,
    pub(super) values: Vec<ScoreInterval>,
}

/// Horizontal bars in groups, one a row, with intervals as thin lines. Values are placed by `place` in 0 to 1, so that a
/// scale may be logarithmic; `ticks` are marked and named.
pub(super) fn bars(
    area: &Area<'_>,
    title: &str,
    measures: &[&str],
    rows: &[Bars],
    ticks: &[(f64, String)],
    place: impl Fn(f64) -> f64,
) -> Drawn {
    const LABELS: i32 = 190;
    const TOP: i32 = 52;
    let (width, height) = (area.dim_in_pixel().0 as i32, area.dim_in_pixel().1 as i32);
    let font = ("sans-serif", 13).into_font().color(&INK);
    let across = |value: f64| LABELS + (place(value).clamp(0.0, 1.0) * f64::from(width - LABELS - 30)) as i32;
    area.draw(&Text::new(title.to_owned(), (8, 6), ("sans-serif", 15).into_font().color(&INK)))?;
    for (index, measure) in measures.iter().enumerate() {
        let x = LABELS + 150 * index as i32;
        area.draw(&Rectangle::new([(x, 32), (x + 12, 42)], COLORS[index].filled()))?;
        area.draw(&Text::new((*measure).to_owned(), (x + 18, 30), font.clone()))?;
    }
    for (value, name) in ticks {
        let x = across(*value);
        area.draw(&PathElement::new([(x, TOP), (x, height - 24)], FAINT.stroke_width(1)))?;
        area.draw(&Text::new(name.clone(), (x - 4 * name.len() as i32, height - 18), font.clone()))?;
    }
    let step = (height - 26 - TOP) / rows.len().max(1) as i32;
    for (row, bars) in rows.iter().enumerate() {
        let y = TOP + 4 + row as i32 * step;
        area.draw(&Text::new(bars.name.clone(), (8, y + (step - 20) / 2), font.clone()))?;
        let thick = ((step - 6) / bars.values.len().max(1) as i32).clamp(3, 14);
        for (index, ScoreInterval { value, bounds }) in bars.values.iter().enumerate() {
            let (top, middle) = (y + index as i32 * thick, y + index as i32 * thick + thick / 2);
            match value {
                Some(value) => {
                    let corners = [(LABELS, top), (across(*value).max(LABELS + 1), top + thick - 1)];
                    area.draw(&Rectangle::new(corners, COLORS[index].filled()))?;
                }
                None => area.draw(&Text::new(
                    "not defined",
                    (LABELS + 4, top - 2),
                    ("sans-serif", 11).into_font().color(&INK),
                ))?,
            }
            if let Some((low, high)) = bounds {
                area.draw(&PathElement::new([(across(*low), middle), (across(*high), middle)], INK.stroke_width(1)))?;
            }
        }
    }
    Ok(())
}
