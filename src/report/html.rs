//! The page: static tables and figures, and the episodes as data for the script.

use std::fmt::Write as _;

use serde_json::json;

use super::Stale;
use super::data::{Outcomes, Table};
use super::figures::{Figure, Section};
use crate::experiment::Verdict;
use crate::motif::{Episode, Motif};

const STYLE: &str = include_str!("assets/report.css");
const SCRIPT: &str = include_str!("assets/report.js");

/// Text that is nothing but text in HTML. Names come from files: what could end a line or turn its direction is shown.
fn text(raw: &str) -> String {
    let mut escaped = String::with_capacity(raw.len());
    for letter in raw.chars() {
        match letter {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            letter if is_hidden(letter) => {
                write!(escaped, "\\u{{{:x}}}", letter as u32).expect("a String takes every write")
            }
            letter => escaped.push(letter),
        }
    }
    escaped
}

/// Control characters, and those that change the direction of the text around them.
fn is_hidden(letter: char) -> bool {
    letter.is_control() || matches!(letter, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// The same for texts that go to the script.
fn visible(raw: &str) -> String {
    raw.chars()
        .map(|letter| if is_hidden(letter) { format!("\\u{{{:x}}}", letter as u32) } else { letter.to_string() })
        .collect()
}

/// The whole page.
pub(super) fn page(results: &[Outcomes], (missing, stale): (&[String], &[Stale]), figures: &[Figure]) -> String {
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
    page += &banner(results, missing, stale);
    page += &experiments(results);
    page += "<section id=\"episodes\">\n<h2>Episodes</h2>\n";
    page += "<p>What the motif engine found, in all experiments. Choose a row to see the residuals it came from.</p>\n";
    page += EXPLORER;
    page += "</section>\n";
    section(
        &mut page,
        "found",
        "Data sets",
        "When each channel left its envelope, and by how much.",
        figures,
        Section::Found,
    );
    section(&mut page, "scores", "Scores", SCORES, figures, Section::Scores);
    page +=
        &tables(results, &["scores.csv", "scores-published.csv", "agreement.csv"], |name| !name.starts_with("null-"));
    page += "</section>\n";
    section(&mut page, "sweeps", "Sweeps", SWEEPS, figures, Section::Sweeps);
    page += &tables(results, &["stress.csv", "stability.csv", "sweep.csv"], |_| true);
    page += "</section>\n";
    section(&mut page, "noise", "Noise", NOISE, figures, Section::Noise);
    page += &tables(results, &["scores.csv"], |name| name.starts_with("null-"));
    page += "</section>\n";
    section(
        &mut page,
        "distributions",
        "Distributions",
        "How large residuals are on the tapes of the data sets.",
        figures,
        Section::Distributions,
    );
    page += "</section>\n";
    page += LIMITS;
    page += "</main>\n";
    page += &format!("<script type=\"application/json\" id=\"data\">{}</script>\n", data(results));
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
fn banner(results: &[Outcomes], missing: &[String], stale: &[Stale]) -> String {
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
            text(&outcomes.name), row.stage, digest(&row.expected), digest(&row.digest), text(&outcomes.name)
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
    banner + "</section>\n"
}

fn experiments(results: &[Outcomes]) -> String {
    let header = ["experiment", "verdict", "samples", "channels", "episodes", "episodes digest", "what it is"];
    let rows: Vec<Vec<String>> = results
        .iter()
        .map(|outcomes| {
            let counts = &outcomes.outcome.counts;
            vec![
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
        })
        .collect();
    let caption =
        "Each experiment with its verdict. The digest is the fingerprint of its episodes, the first twelve digits.";
    format!("<section id=\"experiments\">\n<h2>Verdicts</h2>\n{}</section>\n", html_table(caption, &header, &rows))
}

/// A section with its figures; the caller closes it where tables follow.
fn section(page: &mut String, id: &str, title: &str, lead: &str, figures: &[Figure], which: Section) {
    write!(page, "<section id=\"{id}\">\n<h2>{title}</h2>\n<p>{}</p>\n", text(lead))
        .expect("a String takes every write");
    for figure in figures.iter().filter(|figure| figure.section == which) {
        write!(page, "<figure id=\"figure-{}\">\n<div class=\"scroll\" tabindex=\"0\" role=\"group\" aria-label=\"Figure\">{}</div>\n<figcaption>{}", text(&figure.name), svg(figure), text(&figure.caption)).expect("a String takes every write");
        page.push_str(" <small>From ");
        for (index, (name, digest)) in figure.sources.iter().enumerate() {
            let comma = if index > 0 { ", " } else { "" };
            let short: String = digest.chars().take(12).collect();
            write!(page, "{comma}{} <code title=\"{}\">{}</code>", text(name), text(digest), text(&short))
                .expect("a String takes every write");
        }
        page.push_str(".</small></figcaption>\n</figure>\n");
    }
    if which == Section::Found {
        page.push_str("</section>\n");
    }
}

/// The drawing with what a screen reader says of it.
fn svg(figure: &Figure) -> String {
    let label = format!("<svg role=\"img\" aria-label=\"{}\" ", text(&figure.caption));
    figure.svg.replacen("<svg ", &label, 1)
}

fn tables(results: &[Outcomes], names: &[&str], of: impl Fn(&str) -> bool) -> String {
    let mut html = String::new();
    for outcomes in results.iter().filter(|outcomes| of(&outcomes.name)) {
        for table in outcomes.tables.iter().filter(|table| names.contains(&table.name.as_str())) {
            html += &details(outcomes, table);
        }
    }
    html
}

fn details(outcomes: &Outcomes, table: &Table) -> String {
    let short: String = table.sha256.chars().take(12).collect();
    let title = format!("{}: {}", outcomes.name, table.name);
    let caption = format!("{}, from a table with SHA-256 {short}…", outcomes.title);
    let header: Vec<&str> = table.header.iter().map(String::as_str).collect();
    format!(
        "<details>\n<summary>{}</summary>\n{}</details>\n",
        text(&title),
        html_table(&caption, &header, &table.rows)
    )
}

/// A table that the script makes sortable; numbers are numbers to it.
fn html_table(caption: &str, header: &[&str], rows: &[Vec<String>]) -> String {
    let mut html = format!(
        "<div class=\"scroll\" tabindex=\"0\" role=\"group\" aria-label=\"Table\"><table class=\"sortable\"><caption>{}</caption>\n<thead><tr>",
        text(caption)
    );
    for name in header {
        write!(html, "<th scope=\"col\"><button type=\"button\">{}</button></th>", text(&name.replace('_', " ")))
            .expect("a String takes every write");
    }
    html += "</tr></thead>\n<tbody>\n";
    for row in rows {
        html += "<tr>";
        for cell in row {
            let class = if cell.parse::<f64>().is_ok() { " class=\"number\"" } else { "" };
            write!(html, "<td{class}>{}</td>", text(cell)).expect("a String takes every write");
        }
        html += "</tr>\n";
    }
    html + "</tbody></table></div>\n"
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
fn data(results: &[Outcomes]) -> String {
    let experiments: Vec<_> = results
        .iter()
        .map(|outcomes| {
            let parameters: Vec<_> = Motif::ALL
                .iter()
                .map(|motif| [outcomes.parameter(*motif, "drift_threshold"), outcomes.parameter(*motif, "slew_threshold")])
                .collect();
            json!({ "name": visible(&outcomes.name), "digest": outcomes.digest("episodes"), "tape": outcomes.digest("tape"), "parameters": parameters })
        })
        .collect();
    let all: Vec<(usize, &Episode)> = results
        .iter()
        .enumerate()
        .flat_map(|(index, outcomes)| outcomes.episodes.iter().map(move |episode| (index, episode)))
        .collect();
    let lengths: Vec<f64> = all.iter().map(|(_, episode)| episode.t_end - episode.t_start).collect();
    let kept: Vec<(usize, &Episode)> =
        all.iter().zip(longest(&lengths, MOST_EPISODES)).filter(|(_, kept)| *kept).map(|(one, _)| *one).collect();
    // Series are of channels with episodes, some of which may be among those that are left out.
    let mut channels: Vec<&str> = all.iter().map(|(_, episode)| episode.channel.as_str()).collect();
    channels.sort();
    channels.dedup();
    let place = |channel: &str| channels.binary_search(&channel).unwrap_or_default();
    let episodes: Vec<_> = kept
        .iter()
        .map(|(index, e)| {
            let numbers = [e.t_start, e.t_end, e.peak].map(rounded);
            json!([index, e.motif as usize, place(&e.channel), numbers[0], numbers[1], numbers[2]])
        })
        .collect();
    let series: Vec<_> = results
        .iter()
        .enumerate()
        .flat_map(|(index, outcomes)| outcomes.series.iter().map(move |(key, points)| (index, key, points)))
        .map(|(index, (motif, channel), points)| {
            let flat: Vec<f64> = points.iter().flat_map(|(t, value)| [rounded(*t), rounded(*value)]).collect();
            json!([index, *motif as usize, place(channel), flat])
        })
        .collect();
    let data = json!({
        "motifs": Motif::ALL.map(Motif::name),
        "channels": channels.iter().map(|channel| visible(channel)).collect::<Vec<_>>(),
        "experiments": experiments,
        "episodes": episodes,
        "omitted": all.len() - kept.len(),
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
    fn names_cannot_be_markup_nor_hide() {
        assert_eq!(
            text("</script><b a='1'>\u{202e}x\n&"),
            "&lt;/script&gt;&lt;b a=&#39;1&#39;&gt;\\u{202e}x\\u{a}&amp;"
        );
        assert_eq!(visible("a\u{7}b"), "a\\u{7}b");
    }
}
