//! What one data set alone asks of its files: the families of all of them, each beside its adapter.

use super::auto_explain::AutoExplainProblem;
use super::ceb::CebProblem;
use super::generic::GenericProblem;
use super::job::JobProblem;
use super::otel::OtelProblem;
use super::pgss::PgssProblem;
use super::snowset::SnowsetProblem;
use super::sqlshare_text_problem::SqlshareTextProblem;

/// What is wrong with the content of a trace of one data set.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum AdapterProblem {
    /// `auto-explain`
    #[error(transparent)]
    AutoExplain(#[from] AutoExplainProblem),
    /// `ceb`
    #[error(transparent)]
    Ceb(#[from] CebProblem),
    /// `generic`
    #[error(transparent)]
    Generic(#[from] GenericProblem),
    /// `job`
    #[error(transparent)]
    Job(#[from] JobProblem),
    /// `otel`
    #[error(transparent)]
    Otel(#[from] OtelProblem),
    /// `pgss`
    #[error(transparent)]
    Pgss(#[from] PgssProblem),
    /// `snowset`
    #[error(transparent)]
    Snowset(#[from] SnowsetProblem),
    /// `sqlshare-text`
    #[error(transparent)]
    SqlshareText(#[from] SqlshareTextProblem),
}
