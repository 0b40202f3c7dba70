use std::fmt;
use std::str::FromStr;

use super::Emitter;
use super::perturbed::tpcds_second;
use super::random::Pcg64;
use crate::diagnostics::UnknownName;
use crate::residual::{Class, Math, Stream};

/// The data sets that have an exemplar.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exemplar {
    /// Three warehouses, one of which gets a heavy query and a cold cache.
    Snowset,
    /// Five users, one of whose queries become slow.
    Sqlshare,
    /// A corpus whose mix of queries changes for a while.
    SqlshareText,
    /// Ten subplans, one of whose estimates goes wrong.
    Ceb,
    /// 33 queries, one of which gets another plan.
    Job,
    /// 99 queries without a fault.
    Tpcds,
}

impl Exemplar {
    /// All of them.
    pub const ALL: [Self; 6] = [Self::Snowset, Self::Sqlshare, Self::SqlshareText, Self::Ceb, Self::Job, Self::Tpcds];

    /// The name of the data set.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Snowset => "snowset",
            Self::Sqlshare => "sqlshare",
            Self::SqlshareText => "sqlshare-text",
            Self::Ceb => "ceb",
            Self::Job => "job",
            Self::Tpcds => "tpcds",
        }
    }
}

impl fmt::Display for Exemplar {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Exemplar {
    type Err = UnknownName;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        UnknownName::find("exemplar", name, &Self::ALL, Self::name)
    }
}

/// The exemplar of a data set. The order of draws and pushes is part of the digest.
///
/// Source: `docs/method.md`, section 5.
#[must_use]
pub fn exemplar(exemplar: Exemplar, seed: u64, math: Math) -> Stream {
    let fill = match exemplar {
        Exemplar::Snowset => snowset,
        Exemplar::Sqlshare => sqlshare,
        Exemplar::SqlshareText => sqlshare_text,
        Exemplar::Ceb => ceb,
        Exemplar::Job => job,
        Exemplar::Tpcds => tpcds,
    };
    let mut out = Emitter::new(math);
    fill(&mut out, &mut Pcg64::new(seed));
    out.samples.finish(format!("{exemplar}-exemplar-seed{seed}"))
}

fn snowset(out: &mut Emitter, random: &mut Pcg64) {
    for second in 0..3000_usize {
        let t = second as f64;
        let warehouse = ["wh_a", "wh_b", "wh_c"][(second / 200) % 3];
        let query = (second / 13) % 5 + 1;
        out.latency(t, &format!("{warehouse}/q{query}"), 50.0 + random.uniform(-3.0, 3.0), 50.0);
        out.hit_ratio(t, warehouse, 0.92, 0.92 + random.uniform(-0.01, 0.01));
    }
    for second in 3000..6000_u32 {
        let t = f64::from(second);
        let query = if random.chance(0.7) { "wh_b/q_heavy" } else { "wh_b/q5" };
        out.latency(t, query, 80.0 + random.uniform(-5.0, 15.0), 80.0);
        out.hit_ratio(t, "wh_b", 0.92, 0.55 + random.uniform(-0.05, 0.05));
    }
    for bucket in 0..30_u32 {
        let divergence = if (10..20).contains(&bucket) {
            0.4 + random.uniform(-0.05, 0.05)
        } else {
            0.05 + random.uniform(0.0, 0.03)
        };
        out.phase(f64::from(3000 + 50 * bucket), "wh_b", divergence);
    }
}

fn sqlshare(out: &mut Emitter, random: &mut Pcg64) {
    const DAY: u32 = 86_400;
    const SKELETONS: [&str; 5] = ["select count from t", "join a b", "group by x", "where y", "subselect"];
    for (user, name) in (0..).zip(["alice", "bob", "carol", "dave", "eve"]) {
        for query in 0..200_u32 {
            let t = (query * DAY) / 200 * 5 + user * 30;
            let mut runtime = 0.4 + random.uniform(-0.05, 0.05);
            if name == "carol" && t > 3 * DAY {
                runtime = 5.0 + random.uniform(-0.5, 0.5);
            }
            let skeleton = SKELETONS[query as usize % SKELETONS.len()];
            out.latency(f64::from(t), &format!("{name}#{skeleton}"), runtime, 0.4);
        }
    }
    for day in 0..6 {
        out.phase(f64::from(day * DAY), "carol", if day == 3 { 0.42 } else { 0.05 });
    }
}

fn sqlshare_text(out: &mut Emitter, random: &mut Pcg64) {
    for bucket in 1..30_u32 {
        let divergence = if (15..20).contains(&bucket) {
            0.38 + random.uniform(-0.04, 0.04)
        } else {
            0.05 + random.uniform(0.0, 0.03)
        };
        let first = 200 * bucket;
        out.phase(f64::from(first), &format!("ord[{first}-{}]", first + 199), divergence);
    }
}

fn ceb(out: &mut Emitter, random: &mut Pcg64) {
    for query in 0..200_u32 {
        for subplan in 1..=10_u32 {
            let t = f64::from(query) + f64::from(subplan) * 0.01;
            let actual = 1000.0 * (1.0 + random.uniform(0.0, 2.0));
            let estimated =
                if query >= 100 && subplan == 7 { actual / 30.0 } else { actual * (1.0 + random.uniform(-0.1, 0.1)) };
            out.cardinality(t, &format!("sp{subplan}"), estimated, actual);
        }
    }
}

fn job(out: &mut Emitter, random: &mut Pcg64) {
    let mut t = 0.0;
    for iteration in 0..5_u32 {
        for query in 1..=33_u32 {
            let channel = format!("q{query:02}");
            let bad = query == 17 && iteration >= 3;
            let actual = 1000.0 * (1.0 + random.uniform(0.0, 0.5));
            let estimated = if bad { actual / 25.0 } else { actual * (1.0 + random.uniform(-0.05, 0.05)) };
            out.cardinality(t, &channel, estimated, actual);
            let latency = if bad { 800.0 + random.uniform(-30.0, 30.0) } else { 100.0 + random.uniform(-5.0, 5.0) };
            out.latency(t, &channel, latency, 100.0);
            if query == 17 && iteration == 3 {
                out.push(t, Class::PlanRegression, 1.0, "q17#plan_change");
            }
            t += 1.0;
        }
    }
}

fn tpcds(out: &mut Emitter, random: &mut Pcg64) {
    for query in 1..=99_u32 {
        for iteration in 0..30_u32 {
            tpcds_second(out, random, f64::from(query * 30 + iteration), query);
        }
    }
}
