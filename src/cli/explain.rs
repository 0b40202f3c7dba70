use serde::Serialize;

use super::output::{Output, Tone};
use super::{Exit, Out, Outcome};
use crate::experiment::{self, Explanation, Project, StageRow, TableDifference, ValueChange, Verdict};

/// Name the first stage that differs, and the first differing rows, old and new
#[derive(clap::Args)]
#[command(after_help = "\
Explains the results that the last run left in out/; exits with 10 if one differs, with 11 if one has nothing to compare with.

Examples:
  telltape run ceb; telltape explain ceb")]
pub(super) struct Explain {
    /// Names, paths or globs; none means experiments/*.toml
    experiments: Vec<String>,
    #[command(flatten)]
    out: Out,
}

#[derive(Serialize)]
struct ExplanationJson<'a> {
    name: &'a str,
    verdict: &'a str,
    first: Option<&'a str>,
    stages: &'a [StageRow],
    values: &'a [ValueChange],
    tables: &'a [TableDifference],
}

impl Explain {
    pub(super) fn execute(self, output: &Output) -> Outcome {
        let project = Project::here(self.out.out);
        let selection = project.select(&self.experiments)?;
        let mut explanations = Vec::new();
        for experiment in &selection.experiments {
            explanations.push(experiment::explain(&project, experiment)?);
        }
        let json: Vec<ExplanationJson<'_>> = explanations
            .iter()
            .map(|explanation| ExplanationJson {
                name: &explanation.name,
                verdict: explanation.verdict.name(),
                first: explanation.first().map(|row| row.stage),
                stages: &explanation.stages,
                values: &explanation.values,
                tables: &explanation.tables,
            })
            .collect();
        output.data(&json, || explanations.iter().map(|explanation| text(explanation, output)).collect());
        Ok(Exit::worst(explanations.iter().map(|explanation| match explanation.verdict {
            Verdict::Same | Verdict::Skipped { .. } | Verdict::Met => Exit::Ok,
            Verdict::Differs | Verdict::Missed { .. } => Exit::Differs,
            Verdict::NoExpected => Exit::NoExpected,
        })))
    }
}

fn text(explanation: &Explanation, output: &Output) -> String {
    let name = &explanation.name;
    match &explanation.verdict {
        Verdict::Same | Verdict::Met => return format!("{name}: {}\n", explanation.verdict.name()),
        Verdict::Skipped { reason } | Verdict::Missed { reason } => return format!("{name}: not compared: {reason}\n"),
        Verdict::NoExpected => {
            return format!(
                "{name}: nothing to compare with; to make its result the expected one: telltape accept {name}\n"
            );
        }
        Verdict::Differs => {}
    }
    let minus = |text: &str| output.paint(Tone::Bad, &format!("    -{text}")) + "\n";
    let plus = |text: &str| output.paint(Tone::Good, &format!("    +{text}")) + "\n";
    let changed: Vec<&str> = explanation.stages.iter().filter(|row| !row.is_same()).map(|row| row.stage).collect();
    let first = changed.first().map_or("counts", |first| first);
    let mut text = format!("{name}: differs from stage `{first}` on ({})\n", changed.join(", "));
    if let Some(row) = explanation.first() {
        text += &format!("  {}\n", row.stage);
        text += &minus(row.expected.as_deref().unwrap_or("(absent)"));
        text += &plus(row.digest.as_deref().unwrap_or("(absent)"));
    }
    for value in &explanation.values {
        text += &format!("  {}: {}\n", value.of, value.key);
        text += &minus(value.expected.as_deref().unwrap_or("(default)"));
        text += &plus(value.actual.as_deref().unwrap_or("(default)"));
    }
    for table in &explanation.tables {
        text += &format!("  {}: {} rows removed, {} added; first:\n", table.table, table.removed, table.added);
        for row in &table.rows {
            let line = format!("{}: {}", row.line, row.row);
            text += &if row.added { plus(&line) } else { minus(&line) };
        }
    }
    text + &format!("  to make this the expected result: telltape accept {name}\n")
}
