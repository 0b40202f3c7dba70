//! The page: static tables and figures, and the episodes as data for the script.

use std::collections::BTreeSet;

use maud::{Markup, PreEscaped, html};
use serde_json::json;

use super::Stale;
use super::data::{ExperimentKind, Outcomes, ResultTable};
use super::figure::{Figure, Section};
use crate::experiment::Verdict;
use crate::motif::{Episode, Motif};
use crate::store::Shown;

const STYLE: &str = include_str!("assets/report.css");
const SCRIPT: &str = include_str!("assets/report.js");

/// Letters of a text that is no name: a caption, or a list of names.
const LONGEST_TEXT: usize = 2000;

/// A text that is no name, as it is shown. What escapes markup is `maud`.
fn text(raw: &str) -> Shown<'_> {
    Shown::plain(raw).at_most(LONGEST_TEXT)
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
    fn note(&self) -> Markup {
        let kinds = [
            (self.experiments, "rows of verdicts"),
            (self.figures, "figures"),
            (self.tables, "tables"),
            (self.episodes, "of the shorter episodes"),
            (self.series, "series of residuals"),
        ];
        let told: Vec<String> =
            kinds.iter().filter(|(count, _)| *count > 0).map(|(count, what)| format!("{count} {what}")).collect();
        html! {
            @if !told.is_empty() {
                p #left-out {
                    "Left out, so that the page stays below " (LARGEST_PAGE / 1_000_000) " MB: " (told.join(", "))
                    ". The folder of outputs has all of them."
                }
            }
        }
    }
}

/// `piece` if there is room for it; otherwise nothing, and it is counted.
fn fit(piece: Markup, room: &mut usize, left_out: &mut usize) -> Markup {
    if piece.0.len() <= *room {
        *room -= piece.0.len();
        piece
    } else {
        *left_out += 1;
        html! {}
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
    // Whatever takes room comes before what says what had none.
    let verdicts = experiments(results, &mut room, &mut left_out);
    let scores = ["scores.csv", "scores-published.csv", "agreement.csv"];
    let sweeps = ["stress.csv", "stability.csv", "sweep.csv"];
    let found = "When each channel left its envelope, and by how much.";
    let distributions = "How large residuals are on the tapes of the data sets.";
    type Tables<'a> = (&'a [&'a str], fn(ExperimentKind) -> bool);
    let sections: [(&str, &str, &str, Section, Tables<'_>); 5] = [
        ("found", "Data sets", found, Section::Found, (&[], |_| false)),
        ("scores", "Scores", SCORES, Section::Scores, (&scores, |kind| !kind.is_noise())),
        ("sweeps", "Sweeps", SWEEPS, Section::Sweeps, (&sweeps, |_| true)),
        ("noise", "Noise", NOISE, Section::Noise, (&["scores.csv"], ExperimentKind::is_noise)),
        ("distributions", "Distributions", distributions, Section::Distributions, (&[], |_| false)),
    ];
    let sections = html! {
        @for (id, title, lead, which, (names, of)) in sections {
            section #(id) {
                h2 { (title) }
                p { (lead) }
                @for figure in figures.iter().filter(|figure| figure.section == which) {
                    (fit(drawn(figure), &mut room.bytes, &mut left_out.figures))
                }
                @for outcomes in results.iter().filter(|outcomes| of(outcomes.kind)) {
                    @for table in outcomes.tables.iter().filter(|table| names.contains(&table.name.as_str())) {
                        (fit(details(outcomes, table), &mut room.bytes, &mut left_out.tables))
                    }
                }
            }
        }
    };
    let data = data(results, &room, &mut left_out);
    let page = html! {
        (PreEscaped(HEAD))
        style { (PreEscaped(STYLE)) }
        (PreEscaped("</head>"))
        body {
            a.skip href="#main" { "Skip to the results" }
            header {
                h1 { "telltape report" }
                button #theme type="button" { "Dark or light" }
                nav aria-label="Sections" {
                    ul {
                        @for (id, title) in SECTIONS { li { a href={ "#" (id) } { (title) } } }
                    }
                }
            }
            main #main {
                (banner(results, missing, stale, &left_out))
                (verdicts)
                section #episodes {
                    h2 { "Episodes" }
                    p {
                        "What the motif engine found, in all experiments. "
                        "Choose a row to see the residuals it came from."
                    }
                    (PreEscaped(EXPLORER))
                }
                (sections)
                (PreEscaped(LIMITS))
            }
            script #data type="application/json" { (PreEscaped(data)) }
            script { (PreEscaped(SCRIPT)) }
        }
        (PreEscaped("</html>\n"))
    };
    page.into_string()
}

/// By this beginning a page is known as one that may be replaced; [`super::report`] compares it.
const HEAD: &str = "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
    <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
    <title>telltape report</title>\n<link rel=\"icon\" href=\"data:,\">\n";

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
fn banner(results: &[Outcomes], missing: &[String], stale: &[Stale], left_out: &LeftOut) -> Markup {
    let count = |name: &str| results.iter().filter(|outcomes| outcomes.verdict.name() == name).count();
    let (same, differ, new, skipped) = (count("same"), count("differs"), count("no-expected"), count("skipped"));
    let (class, word) = match (differ, new + skipped + missing.len()) {
        (0, _) if !stale.is_empty() => ("bad", "Out of date"),
        (0, 0) => ("good", "Same"),
        (0, _) => ("note", "Same, as far as compared"),
        _ => ("bad", "Differs"),
    };
    let others = [
        (differ, "differ"),
        (new, "have nothing to compare with"),
        (skipped, "could not be compared on this platform"),
        (missing.len(), "were not run"),
        (stale.len(), "have changed since they were run"),
    ];
    let difference = results.iter().find_map(|outcomes| Some((outcomes, outcomes.first_difference()?)));
    let changed: Vec<String> = stale.iter().map(Stale::to_string).collect();
    html! {
        section .banner .(class) aria-label="Verdict" {
            h2 { (word) }
            p {
                (same) " of " (results.len() + missing.len() + stale.len())
                " experiments gave every digest that is expected"
                @for (number, what) in others.into_iter().filter(|(number, _)| *number > 0) { "; " (number) " " (what) }
                "."
            }
            @if let Some((outcomes, row)) = difference {
                p {
                    "First divergence: experiment " strong { (Shown::plain(&outcomes.name)) } ", stage "
                    strong { (row.stage) } "."
                }
                p.digests {
                    "expected " code { (text(row.expected.as_deref().unwrap_or("none"))) }
                    br;
                    "actual " code { (text(row.digest.as_deref().unwrap_or("none"))) }
                }
                p { "What changed: " code { "telltape explain " (Shown::plain(&outcomes.name)) } }
            }
            @if !stale.is_empty() {
                p {
                    "Changed, so not in this page: " (text(&changed.join("; "))) ". Run them again with "
                    code { "telltape run" } "."
                }
            }
            @if !missing.is_empty() {
                p { "Not run: " (text(&missing.join(", "))) ". Run them with " code { "telltape run" } "." }
            }
            (left_out.note())
        }
    }
}

fn experiments(results: &[Outcomes], room: &mut Room, left_out: &mut LeftOut) -> Markup {
    let header = ["experiment", "verdict", "samples", "channels", "episodes", "episodes digest", "what it is"];
    let cells = |outcomes: &Outcomes| {
        let counts = &outcomes.outcome.counts;
        [
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
        ]
    };
    let rows = html! {
        @for outcomes in results { (fit(html_row(&cells(outcomes)), &mut room.bytes, &mut left_out.experiments)) }
    };
    let caption =
        "Each experiment with its verdict. The digest is the fingerprint of its episodes, the first twelve digits.";
    html! {
        section #experiments {
            h2 { "Verdicts" }
            (html_table(caption, &header, &rows))
        }
    }
}

/// A figure with its caption and what it came from.
fn drawn(figure: &Figure) -> Markup {
    let short = |digest: &str| digest.chars().take(12).collect::<String>();
    html! {
        figure id={ "figure-" (Shown::plain(&figure.name)) } {
            div.scroll tabindex="0" role="group" aria-label="Figure" { (PreEscaped(svg(figure))) }
            figcaption {
                (text(&figure.caption)) " "
                small {
                    "From "
                    @for (index, (source, digest)) in figure.sources.iter().enumerate() {
                        @if index > 0 { ", " }
                        (Shown::plain(source)) " " code title=(Shown::plain(digest)) { (Shown::plain(&short(digest))) }
                    }
                    "."
                }
            }
        }
    }
}

/// The drawing with what a screen reader says of it.
fn svg(figure: &Figure) -> String {
    let label = html! { (text(&figure.caption)) }.into_string();
    figure.svg.replacen("<svg ", &format!("<svg role=\"img\" aria-label=\"{label}\" "), 1)
}

fn details(outcomes: &Outcomes, table: &ResultTable) -> Markup {
    let short: String = table.sha256.chars().take(12).collect();
    let title = format!("{}: {}", outcomes.name, table.name);
    let caption = format!("{}, from a table with SHA-256 {short}…", outcomes.title);
    let header: Vec<&str> = table.header.iter().map(String::as_str).collect();
    let rows = html! { @for row in &table.rows { (html_row(row)) } };
    html! {
        details {
            summary { (text(&title)) }
            (html_table(&caption, &header, &rows))
        }
    }
}

/// A table that the script makes sortable.
fn html_table(caption: &str, header: &[&str], rows: &Markup) -> Markup {
    html! {
        div.scroll tabindex="0" role="group" aria-label="Table" {
            table.sortable {
                caption { (text(caption)) }
                thead {
                    tr {
                        @for column in header {
                            th scope="col" { button type="button" { (Shown::plain(&column.replace('_', " "))) } }
                        }
                    }
                }
                tbody { (rows) }
            }
        }
    }
}

/// Its rows; numbers are numbers to the script.
fn html_row(cells: &[String]) -> Markup {
    html! {
        tr {
            @for cell in cells { td class=[cell.parse::<f64>().is_ok().then_some("number")] { (text(cell)) } }
        }
    }
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
        let row = html_row(&["</script><b a='1'>\u{202e}x\n&\"".to_owned(), "1e3".to_owned()]).into_string();
        let cell = "&lt;/script&gt;&lt;b a='1'&gt;\\u{202e}x\\n&amp;&quot;";
        assert_eq!(row, format!("<tr><td>{cell}</td><td class=\"number\">1e3</td></tr>"));
    }
}
