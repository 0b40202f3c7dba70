//! Numbers that are none in some data sets.

use std::marker::PhantomData;

use super::cell::Cell;
use super::column::Rule;
use super::fault::RowFault;
use super::row_problem::CellProblem;
use super::unknown::Unknown;
use crate::trace::Construction;

/// Numbers by which a data set says that it does not know.
pub(crate) trait Sentinels {
    const NUMBERS: &'static [f64];
}

/// A rule but for some numbers, by which the data set says that it does not know; the published construction takes them for
/// numbers.
pub(crate) struct Unless<R, S>(PhantomData<(R, S)>);

impl<R: Rule<Value = f64>, S: Sentinels> Rule for Unless<R, S> {
    type Value = f64;

    fn read([cell]: [Cell<'_>; 1], construction: Construction) -> Result<f64, RowFault> {
        let number = R::read([cell], construction)?;
        if !construction.is_reference() && S::NUMBERS.contains(&number) {
            return Err(cell.fault(CellProblem::Unknown(Unknown::Sentinel)));
        }
        Ok(number)
    }
}
