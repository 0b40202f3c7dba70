//! One file or folder per data set, and the list of them.

mod auto_explain;
mod ceb;
mod generic;
mod job;
mod otel;
mod pgss;
pub(super) mod postgres;
mod problem;
mod redset;
mod snowset;
mod sqlshare;
mod sqlshare_text;
mod sqlshare_text_problem;
mod tpcds;

pub use auto_explain::{AutoExplainProblem, LogZone};
pub use ceb::CebProblem;
pub use generic::{ColumnAsk, ColumnChoice, GenericProblem};
pub use job::{EntryProblem, ForeignPlan, JobProblem};
pub use otel::{OtelProblem, ProtobufFlaw, SpanProblem};
pub use pgss::{CounterColumn, PgssProblem};
pub use problem::AdapterProblem;
pub use snowset::SnowsetProblem;
pub use sqlshare_text_problem::SqlshareTextProblem;

use super::adapter::Adapter;

/// Declares the list of adapters and a name in code for each.
macro_rules! adapters {
    ($($dataset:ident = $adapter:path,)*) => {
        /// A format of traces that can be converted: an entry of [`ADAPTERS`].
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[non_exhaustive]
        pub enum Dataset {
            $(#[doc = concat!("The one that `", stringify!($adapter), "` reads.")] $dataset,)*
        }

        impl Dataset {
            /// All of them, in the order in which they are listed to users.
            pub const ALL: [Self; ADAPTERS.len()] = [$(Self::$dataset),*];

            /// The code that reads it.
            #[must_use]
            pub fn adapter(self) -> &'static dyn Adapter {
                ADAPTERS[self as usize]
            }
        }

        /// All adapters, in the order in which they are listed to users.
        pub static ADAPTERS: &[&dyn Adapter] = &[$(&$adapter),*];
    };
}

adapters! {
    Snowset = snowset::Snowset,
    Sqlshare = sqlshare::Sqlshare,
    SqlshareText = sqlshare_text::SqlshareText,
    Ceb = ceb::Ceb,
    Job = job::Job,
    Tpcds = tpcds::Tpcds,
    Pgss = pgss::Pgss,
    Redset = redset::Redset,
    Generic = generic::Generic,
    Otel = otel::Otel,
    AutoExplain = auto_explain::AutoExplain,
    Postgres = postgres::Postgres,
}
