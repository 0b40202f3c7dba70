//! The page: static tables and figures, and the episodes as data for the script.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use serde_json::json;

use super::Stale;
use super::data::{Kind, Outcomes, Table};
use super::figures::{Figure, Section};
use crate::experiment::Verdict;
use crate::motif::{Episode, Motif};
use crate::store::Shown;

const STYLE: &str = include_str!("assets/report.css");
const SCRIPT: &str = include_str!("assets/report.js");

/// Letters of a text that is no name: a caption, or a list of names.
const LONGEST_TEXT: usize = 2000;

/// Text that is nothing but text in HTML.
fn text(raw: &str) -> String {
    Shown::html(raw).at_most(LONGEST_TEXT).to_string()
}

/// The same for names, which the script is given, too.
fn name(raw: &str) -> String {
    Shown::html(raw).to_string()
}

/// Bytes that the page has at most, whatever the results are.
pub(super) const LARGEST_PAGE: usize = 5_000_000;

/// What a page may have of each kind.
struct Room {
    /// Bytes of figures, of the verdicts, and of the tables of results.
    bytes: usize,
    episodes: usize,
    /// Series of residuals.
    series: usize,
}

impl Room {
    /// All there is in the first try; with each further one half as much, in the end nothing.
    fn of_try(number: u32) -> Self {
        let half = |most: usize| most.checked_shr(number).unwrap_or_default();
        let bytes = if number == 0 { usize::MAX } else { half(LARGEST_PAGE) };
        Self { bytes, episodes: half(MOST_EPISODES), series: if number == 0 { usize::MAX } else { half(1000) } }
    }
}

/// What a page leaves out to stay small.
#[derive(Default)]
struct LeftOut {
    experiments: usize,
    figures: usize,
    tables: usize,
    episodes: usize,
    series: usize,
}

impl LeftOut {
    fn note(&self) -> String {
        let kinds = [
            (self.experiments, "rows of verdicts"),
            (self.figures, "figures"),
            (self.tables, "tables"),
            (self.episodes, "of the shorter episodes"),
            (self.series, "series of residuals"),
        ];
        let told: Vec<String> =
            kinds.iter().filter(|(count, _)| *count > 0).map(|(count, what)| format!("{count} {what}")).collect();
        if told.is_empty() {
            return String::new();
        }
        format!(
            "<p id=\"left-out\">Left out, so that the page stays below {} MB: {}. The folder of outputs has all of them.</p>\n",
            LARGEST_PAGE / 1_000_000,
            told.join(", ")
        )
    }
}

/// Appends `piece` if there is room for it; otherwise counts it.
fn fit(html: &mut String, piece: &str, room: &mut usize, left_out: &mut usize) {
    if piece.len() <= *room {
        *room -= piece.len();
        html.push_str(piece);
    } else {
        *left_out += 1;
    }
}

/// The whole page, of at most [`LARGEST_PAGE`] bytes.
pub(super) fn page(results: &[Outcomes], others: (&[String], &[Stale]), figures: &[Figure]) -> String {
    let mut number = 0;
    loop {
        let page = page_in(results, others, figures, Room::of_try(number));
        // With no room for anything there are only our own texts and a few that have been cut.
        if page.len() <= LARGEST_PAGE || number > usize::BITS {
            return page;
        }
        number += 1;
    }
}

/// A page that keeps to its room.
fn page_in(
    results: &[Outcomes],
    (missing, stale): (&[String], &[Stale]),
    figures: &[Figure],
    mut room: Room,
) -> String {
    let mut left_out = LeftOut::default();
    let verdicts = experiments(results, &mut room, &mut left_out);
    let mut body = String::new();
    body += "<section id=\"episodes\">\n<h2>Episodes</h2>\n";
    body += "<p>What the motif engine found, in all experiments. Choose a row to see the residuals it came from.</p>\n";
    body += EXPLORER;
    body += "</section>\n";
    let scores = ["scores.csv", "scores-published.csv", "agreement.csv"];
    let sweeps = ["stress.csv", "stability.csv", "sweep.csv"];
    let found = "When each channel left its envelope, and by how much.";
    let distributions = "How large residuals are on the tapes of the data sets.";
    type Tables<'a> = (&'a [&'a str], fn(Kind) -> bool);
    let sections: [(&str, &str, &str, Section, Tables<'_>); 5] = [
        ("found", "Data sets", found, Section::Found, (&[], |_| false)),
        ("scores", "Scores", SCORES, Section::Scores, (&scores, |kind| !kind.is_noise())),
        ("sweeps", "Sweeps", SWEEPS, Section::Sweeps, (&sweeps, |_| true)),
        ("noise", "Noise", NOISE, Section::Noise, (&["scores.csv"], Kind::is_noise)),
        ("distributions", "Distributions", distributions, Section::Distributions, (&[], |_| false)),
    ];
    for (id, title, lead, which, (names, of)) in sections {
        write!(body, "<section id=\"{id}\">\n<h2>{title}</h2>\n<p>{}</p>\n", text(lead))
            .expect("a String takes every write");
        for figure in figures.iter().filter(|figure| figure.section == which) {
            fit(&mut body, &drawn(figure), &mut room.bytes, &mut left_out.figures);
        }
        for outcomes in results.iter().filter(|outcomes| of(outcomes.kind)) {
            for table in outcomes.tables.iter().filter(|table| names.contains(&table.name.as_str())) {
                fit(&mut body, &details(outcomes, table), &mut room.bytes, &mut left_out.tables);
            }
        }
        body += "</section>\n";
    }
    body += LIMITS;
    body += "</main>\n";
    let data = data(results, &room, &mut left_out);
    writeln!(body, "<script type=\"application/json\" id=\"data\">{data}</script>")
        .expect("a String takes every write");

    let mut page = String::new();
    page += "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n";
    page += "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n";
    page += "<title>telltape report</title>\n<link rel=\"icon\" href=\"data:,\">\n";
    write!(page, "<style>\n{STYLE}</style>\n</head>\n<body>\n").expect("a String takes every write");
    page += "<a class=\"skip\" href=\"#main\">Skip to the results</a>\n<header>\n<h1>telltape report</h1>\n";
    page += "<button id=\"theme\" type=\"button\">Dark or light</button>\n";
    page += "<nav aria-label=\"Sections\"><ul>";
    for (id, title) in SECTIONS {
        write!(page, "<li><a href=\"#{id}\">{title}</a></li>").expect("a String takes every write");
    }
    page += "</ul></nav>\n</header>\n<main id=\"main\">\n";
    page += &banner(results, missing, stale, &left_out);
    page += &verdicts;
    page += &body;
    write!(page, "<script>\n{SCRIPT}</script>\n</body>\n</html>\n").expect("a String takes every write");
    page
}

const SECTIONS: [(&str, &str); 8] = [
    ("experiments", "Verdicts"),
    ("episodes", "Episodes"),
    ("found", "Data sets"),
    ("scores", "Scores"),
    ("sweeps", "Sweeps"),
    ("noise", "Noise"),
    ("distributions", "Distributions"),
    ("limits", "Limits"),
];

const SCORES: &str = "Against planted faults, with exact channels, one-to-one pairs and range-based precision and recall. \
    The published scores stand beside them: they cannot fail, because one endless episode a motif, or a thousand copies, score 1 there.";
const SWEEPS: &str =
    "How scores change with the size of the fault, with the parameters, and with what a recorder does to the samples.";
const NOISE: &str = "Streams in which nothing is planted: every episode in them is a false alarm.";

const EXPLORER: &str = include_str!("assets/explorer.html");
const LIMITS: &str = include_str!("assets/limits.html");

/// All the same, or the first thing that is not.
fn banner(results: &[Outcomes], missing: &[String], stale: &[Stale], left_out: &LeftOut) -> String {
    let count = |name: &str| results.iter().filter(|outcomes| outcomes.verdict.name() == name).count();
    let (same, differ, new, skipped) = (count("same"), count("differs"), count("no-expected"), count("skipped"));
    let (class, word) = match (differ, new + skipped + missing.len()) {
        (0, _) if !stale.is_empty() => ("bad", "Out of date"),
        (0, 0) => ("good", "Same"),
        (0, _) => ("note", "Same, as far as compared"),
        _ => ("bad", "Differs"),
    };
    let mut banner = format!(
        "<section class=\"banner {class}\" aria-label=\"Verdict\">\n<h2>{word}</h2>\n<p>{same} of {} experiments gave every digest that is expected",
        results.len() + missing.len() + stale.len()
    );
    for (number, what) in [
        (differ, "differ"),
        (new, "have nothing to compare with"),
        (skipped, "could not be compared on this platform"),
        (missing.len(), "were not run"),
        (stale.len(), "have changed since they were run"),
    ] {
        if number > 0 {
            write!(banner, "; {number} {what}").expect("a String takes every write");
        }
    }
    banner += ".</p>\n";
    if let Some((outcomes, row)) = results.iter().find_map(|outcomes| Some((outcomes, outcomes.first_difference()?))) {
        let digest = |digest: &Option<String>| digest.as_deref().map_or("none".to_owned(), text);
        write!(
            banner,
            "<p>First divergence: experiment <strong>{}</strong>, stage <strong>{}</strong>.</p>\n<p class=\"digests\">expected <code>{}</code><br>actual <code>{}</code></p>\n<p>What changed: <code>telltape explain {}</code></p>\n",
            name(&outcomes.name), row.stage, digest(&row.expected), digest(&row.digest), name(&outcomes.name)
        )
        .expect("a String takes every write");
    }
    if !stale.is_empty() {
        let each: Vec<String> = stale.iter().map(Stale::to_string).collect();
        banner += &format!(
            "<p>Changed, so not in this page: {}. Run them again with <code>telltape run</code>.</p>\n",
            text(&each.join("; "))
        );
    }
    if !missing.is_empty() {
        banner += &format!("<p>Not run: {}. Run them with <code>telltape run</code>.</p>\n", text(&missing.join(", ")));
    }
    banner + &left_out.note() + "</section>\n"
}

fn experiments(results: &[Outcomes], room: &mut Room, left_out: &mut LeftOut) -> String {
    let header = ["experiment", "verdict", "samples", "channels", "episodes", "episodes digest", "what it is"];
    let mut rows = String::new();
    for outcomes in results {
        let counts = &outcomes.outcome.counts;
        let cells = [
            outcomes.name.clone(),
            match &outcomes.verdict {
                Verdict::Skipped { reason } => format!("not compared: {reason}"),
                verdict => verdict.name().to_owned(),
            },
            counts.samples.to_string(),
            counts.channels.to_string(),
            counts.all_episodes().to_string(),
            outcomes.digest("episodes").chars().take(12).collect(),
            outcomes.title.clone(),
        ];
        fit(&mut rows, &html_row(&cells), &mut room.bytes, &mut left_out.experiments);
    }
    let caption =
        "Each experiment with its verdict. The digest is the fingerprint of its episodes, the first twelve digits.";
    format!("<section id=\"experiments\">\n<h2>Verdicts</h2>\n{}</section>\n", html_table(caption, &header, &rows))
}

/// A figure with its caption and what it came from.
fn drawn(figure: &Figure) -> String {
    let mut html = format!(
        "<figure id=\"figure-{}\">\n<div class=\"scroll\" tabindex=\"0\" role=\"group\" aria-label=\"Figure\">{}</div>\n<figcaption>{}",
        name(&figure.name),
        svg(figure),
        text(&figure.caption)
    );
    html.push_str(" <small>From ");
    for (index, (source, digest)) in figure.sources.iter().enumerate() {
        let comma = if index > 0 { ", " } else { "" };
        let short: String = digest.chars().take(12).collect();
        write!(html, "{comma}{} <code title=\"{}\">{}</code>", name(source), name(digest), name(&short))
            .expect("a String takes every write");
    }
    html + ".</small></figcaption>\n</figure>\n"
}

/// The drawing with what a screen reader says of it.
fn svg(figure: &Figure) -> String {
    let label = format!("<svg role=\"img\" aria-label=\"{}\" ", text(&figure.caption));
    figure.svg.replacen("<svg ", &label, 1)
}

fn details(outcomes: &Outcomes, table: &Table) -> String {
    let short: String = table.sha256.chars().take(12).collect();
    let title = format!("{}: {}", outcomes.name, table.name);
    let caption = format!("{}, from a table with SHA-256 {short}…", outcomes.title);
    let header: Vec<&str> = table.header.iter().map(String::as_str).collect();
    format!(
        "<details>\n<summary>{}</summary>\n{}</details>\n",
        text(&title),
        html_table(&caption, &header, &table.rows.iter().map(|row| html_row(row)).collect::<String>())
    )
}

/// A table that the script makes sortable.
fn html_table(caption: &str, header: &[&str], rows: &str) -> String {
    let mut html = format!(
        "<div class=\"scroll\" tabindex=\"0\" role=\"group\" aria-label=\"Table\"><table class=\"sortable\"><caption>{}</caption>\n<thead><tr>",
        text(caption)
    );
    for column in header {
        write!(html, "<th scope=\"col\"><button type=\"button\">{}</button></th>", name(&column.replace('_', " ")))
            .expect("a String takes every write");
    }
    html += "</tr></thead>\n<tbody>\n";
    html += rows;
    html + "</tbody></table></div>\n"
}

/// Its rows; numbers are numbers to the script.
fn html_row(cells: &[String]) -> String {
    let mut html = String::from("<tr>");
    for cell in cells {
        let class = if cell.parse::<f64>().is_ok() { " class=\"number\"" } else { "" };
        write!(html, "<td{class}>{}</td>", text(cell)).expect("a String takes every write");
    }
    html + "</tr>\n"
}

/// Episodes that the page has at most, so that it stays small; of more, the longest.
const MOST_EPISODES: usize = 25_000;

/// Which of the lengths are the `most` largest, the first of equal ones.
fn longest(lengths: &[f64], most: usize) -> Vec<bool> {
    let mut order: Vec<usize> = (0..lengths.len()).collect();
    order.sort_by(|a, b| lengths[*b].total_cmp(&lengths[*a]));
    let mut kept = vec![false; lengths.len()];
    order.into_iter().take(most).for_each(|index| kept[index] = true);
    kept
}

/// Episodes and residuals for the script, in a form that cannot end its element.
fn data(results: &[Outcomes], room: &Room, left_out: &mut LeftOut) -> String {
    let all: Vec<(usize, &Episode)> = results
        .iter()
        .enumerate()
        .flat_map(|(index, outcomes)| outcomes.episodes.iter().map(move |episode| (index, episode)))
        .collect();
    let lengths: Vec<f64> = all.iter().map(|(_, episode)| episode.t_end - episode.t_start).collect();
    let kept: Vec<(usize, &Episode)> =
        all.iter().zip(longest(&lengths, room.episodes)).filter(|(_, kept)| *kept).map(|(one, _)| *one).collect();
    left_out.episodes = all.len() - kept.len();
    // What no episode of the page leads to is not in it.
    let used: BTreeSet<usize> = kept.iter().map(|(index, _)| *index).collect();
    let used: Vec<usize> = used.into_iter().collect();
    let channels: BTreeSet<&str> = kept.iter().map(|(_, episode)| episode.channel.as_str()).collect();
    let channels: Vec<&str> = channels.into_iter().collect();
    let of_experiment = |index: &usize| used.binary_search(index).unwrap_or_default();
    let of_channel = |channel: &str| channels.binary_search(&channel).unwrap_or_default();
    let experiments: Vec<_> = used
        .iter()
        .map(|index| &results[*index])
        .map(|outcomes| {
            let parameters: Vec<_> = Motif::ALL
                .iter()
                .map(|motif| [outcomes.parameter(*motif, "drift_threshold"), outcomes.parameter(*motif, "slew_threshold")])
                .collect();
            json!({ "name": Shown::plain(&outcomes.name).to_string(), "digest": outcomes.digest("episodes"), "tape": outcomes.digest("tape"), "parameters": parameters })
        })
        .collect();
    let episodes: Vec<_> = kept
        .iter()
        .map(|(index, e)| {
            let numbers = [e.t_start, e.t_end, e.peak].map(rounded);
            json!([of_experiment(index), e.motif as usize, of_channel(&e.channel), numbers[0], numbers[1], numbers[2]])
        })
        .collect();
    let led_to: BTreeSet<(usize, Motif, &str)> =
        kept.iter().map(|(index, episode)| (*index, episode.motif, episode.channel.as_str())).collect();
    let drawable: Vec<_> = results
        .iter()
        .enumerate()
        .flat_map(|(index, outcomes)| outcomes.series.iter().map(move |(key, points)| (index, key, points)))
        .filter(|(index, (motif, channel), _)| led_to.contains(&(*index, *motif, channel.as_str())))
        .collect();
    left_out.series = drawable.len().saturating_sub(room.series);
    let series: Vec<_> = drawable
        .into_iter()
        .take(room.series)
        .map(|(index, (motif, channel), points)| {
            let flat: Vec<f64> = points.iter().flat_map(|(t, value)| [rounded(*t), rounded(*value)]).collect();
            json!([of_experiment(&index), *motif as usize, of_channel(channel), flat])
        })
        .collect();
    let data = json!({
        "motifs": Motif::ALL.map(Motif::name),
        "channels": channels.iter().map(|channel| Shown::plain(channel).to_string()).collect::<Vec<_>>(),
        "experiments": experiments,
        "episodes": episodes,
        "omitted": left_out.episodes,
        "series": series,
    });
    data.to_string().replace('<', "\\u003c")
}

/// To six significant digits, which is more than a screen shows; the tables have all of them.
fn rounded(number: f64) -> f64 {
    format!("{number:.5e}").parse().unwrap_or(number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_too_many_episodes_the_longest_are_kept_and_the_first_of_equal_ones() {
        let lengths = [1.0, 3.0, 2.0, 3.0, 2.0];
        assert_eq!(longest(&lengths, 9), [true; 5]);
        assert_eq!(longest(&lengths, 3), [false, true, true, true, false]);
        assert_eq!(longest(&lengths, 0), [false; 5]);
    }

    #[test]
    fn with_each_try_there_is_less_room_and_in_the_end_none() {
        let rooms: Vec<Room> = (0..=LARGEST_PAGE.ilog2() + 1).map(Room::of_try).collect();
        assert_eq!((rooms[0].bytes, rooms[0].episodes), (usize::MAX, MOST_EPISODES));
        assert!(rooms.windows(2).all(|pair| pair[1].bytes < pair[0].bytes && pair[1].episodes <= pair[0].episodes));
        let last = &rooms[rooms.len() - 1];
        assert_eq!((last.bytes, last.episodes, last.series), (0, 0, 0));
    }

    #[test]
    fn names_cannot_be_markup_nor_hide() {
        assert_eq!(text("</script><b a='1'>\u{202e}x\n&"), "&lt;/script&gt;&lt;b a=&#39;1&#39;&gt;\\u{202e}x\\n&amp;");
    }
}
