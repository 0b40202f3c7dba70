//! Typed columns: what cells become, and how the rows of later blocks are appended.

use std::borrow::Cow;
use std::marker::PhantomData;
use std::ops::{Deref, Index};

use super::cell::Cell;
use super::fault::RowFault;
use super::whole_column::WholeColumn;
use crate::residual::{ChannelId, Channels};
use crate::trace::TraceError;
use crate::trace::adapter::Construction;

/// A column of a table, one value a row, made from `CELLS` cells of it.
pub(crate) trait Column<const CELLS: usize>: Default + Send {
    /// What a row has of it.
    type Value<'r>;

    /// Reads the value of a row, or says what is wrong with a cell.
    fn read(cells: [Cell<'_>; CELLS], construction: Construction) -> Result<Self::Value<'_>, RowFault>;

    /// Appends the value of the next row.
    fn push(&mut self, value: Self::Value<'_>);

    /// Appends the rows of a later block.
    fn append(&mut self, later: Self);

    /// Drops the rows that are not to be kept.
    fn retain(&mut self, keep: &[bool]);

    /// Gives the values that only the whole column decides, and says what it had to recognise, and which rows it rejects.
    ///
    /// # Errors
    /// When the values do not go together.
    fn settle(&mut self, _column: &mut WholeColumn<'_>) -> Result<(), TraceError> {
        Ok(())
    }
}

/// Drops the values of rows that are not to be kept.
pub(crate) fn retain_rows<T>(values: &mut Vec<T>, keep: &[bool]) {
    let mut keep = keep.iter();
    values.retain(|_| keep.next() == Some(&true));
}

/// Which values `CELLS` cells may have, and which one they are.
pub(crate) trait Rule<const CELLS: usize = 1> {
    type Value: Copy + Send;

    fn read(cells: [Cell<'_>; CELLS], construction: Construction) -> Result<Self::Value, RowFault>;
}

/// Declares rules that are a function of a cell and the construction.
macro_rules! rules {
    ($($(#[$doc:meta])* $rule:ident($value:ty) = $read:expr;)+) => {
        $($(#[$doc])* pub(crate) struct $rule;

        impl Rule for $rule {
            type Value = $value;

            fn read([cell]: [Cell<'_>; 1], construction: Construction) -> Result<$value, RowFault> {
                let read: fn(Cell<'_>, Construction) -> Result<$value, RowFault> = $read;
                read(cell, construction)
            }
        })+
    };
}

rules! {
    /// A finite number; in our constructions one that arithmetic is safe with.
    Finite(f64) = |cell, construction| cell.finite(construction);
    /// A number of rows; the published construction takes one that is not known, too.
    Cardinality(f64) = |cell, construction| cell.cardinality(construction);
    /// A time that something takes; the published construction takes a negative one, too.
    Duration(f64) = |cell, construction| if construction.is_reference() { cell.finite(construction) } else { cell.amount() };
    /// A whole number that is not negative.
    Whole(u64) = |cell, construction| cell.whole(construction);
    /// A time with its offset, in microseconds since 1970.
    TimeUs(f64) = |cell, _| cell.time_us().map(|us| us as f64);
}

/// Values that follow a rule.
pub(crate) struct Values<R: Rule<CELLS>, const CELLS: usize = 1> {
    values: Vec<R::Value>,
    rule: PhantomData<fn() -> R>,
}

impl<R: Rule<CELLS>, const CELLS: usize> Default for Values<R, CELLS> {
    fn default() -> Self {
        Self { values: Vec::new(), rule: PhantomData }
    }
}

impl<R: Rule<CELLS>, const CELLS: usize> Deref for Values<R, CELLS> {
    type Target = [R::Value];

    fn deref(&self) -> &[R::Value] {
        &self.values
    }
}

impl<R: Rule<CELLS>, const CELLS: usize> Column<CELLS> for Values<R, CELLS> {
    type Value<'r> = R::Value;

    fn read(cells: [Cell<'_>; CELLS], construction: Construction) -> Result<R::Value, RowFault> {
        R::read(cells, construction)
    }

    fn push(&mut self, value: R::Value) {
        self.values.push(value);
    }

    fn append(&mut self, later: Self) {
        self.values.extend_from_slice(&later.values);
    }

    fn retain(&mut self, keep: &[bool]) {
        retain_rows(&mut self.values, keep);
    }
}

/// Which name a cell stands for.
pub(crate) trait Naming {
    fn name(cell: Cell<'_>, construction: Construction) -> Result<Cow<'_, str>, RowFault>;
}

/// The text of the cell.
pub(crate) struct AsItStands;

impl Naming for AsItStands {
    fn name(cell: Cell<'_>, _: Construction) -> Result<Cow<'_, str>, RowFault> {
        Ok(cell.text().into())
    }
}

/// The text of the cell, which must not say that the name is not known.
pub(crate) struct Known;

impl Naming for Known {
    fn name(cell: Cell<'_>, construction: Construction) -> Result<Cow<'_, str>, RowFault> {
        cell.name(construction).map(Into::into)
    }
}

/// Names, each kept once.
pub(crate) struct Names<N = AsItStands> {
    /// By row.
    pub(crate) ids: Vec<ChannelId>,
    pub(crate) names: Channels,
    naming: PhantomData<fn() -> N>,
}

impl<N> Default for Names<N> {
    fn default() -> Self {
        Self { ids: Vec::new(), names: Channels::default(), naming: PhantomData }
    }
}

impl<N> Index<usize> for Names<N> {
    type Output = ChannelId;

    fn index(&self, row: usize) -> &ChannelId {
        &self.ids[row]
    }
}

impl<N> Names<N> {
    /// The name of a row.
    pub(crate) fn of_row(&self, row: usize) -> &str {
        self.names.name(self.ids[row])
    }
}

impl<N: Naming> Column<1> for Names<N> {
    type Value<'r> = Cow<'r, str>;

    fn read([cell]: [Cell<'_>; 1], construction: Construction) -> Result<Cow<'_, str>, RowFault> {
        N::name(cell, construction)
    }

    fn push(&mut self, name: Cow<'_, str>) {
        self.ids.push(self.names.intern(&name));
    }

    fn append(&mut self, later: Self) {
        let ids = self.names.absorb(&later.names);
        self.ids.extend(later.ids.iter().map(|id| ids[id.index()]));
    }

    /// A name that no row has any more must not be left: it would be a channel.
    fn retain(&mut self, keep: &[bool]) {
        retain_rows(&mut self.ids, keep);
        let names = std::mem::take(&mut self.names);
        self.ids.iter_mut().for_each(|id| *id = self.names.intern(names.name(*id)));
    }
}

/// Names of which a row may have none: its cell is empty, or the file has no such column.
#[derive(Default)]
pub(crate) struct OptionalNames {
    ids: Vec<Option<ChannelId>>,
    names: Channels,
}

impl OptionalNames {
    /// By row, and the names.
    pub(crate) fn into_parts(self) -> (Vec<Option<ChannelId>>, Channels) {
        (self.ids, self.names)
    }
}

impl Index<usize> for OptionalNames {
    type Output = Option<ChannelId>;

    fn index(&self, row: usize) -> &Option<ChannelId> {
        &self.ids[row]
    }
}

impl Column<1> for OptionalNames {
    type Value<'r> = Option<&'r str>;

    fn read([cell]: [Cell<'_>; 1], construction: Construction) -> Result<Option<&str>, RowFault> {
        match construction {
            Construction::Reference => Ok(Some(cell.text()).filter(|name| !name.is_empty())),
            Construction::Own(_) => cell.known_name().map(|_| cell.name(construction)).transpose(),
        }
    }

    fn push(&mut self, name: Option<&str>) {
        self.ids.push(name.map(|name| self.names.intern(name)));
    }

    fn append(&mut self, later: Self) {
        let ids = self.names.absorb(&later.names);
        self.ids.extend(later.ids.iter().map(|id| id.map(|id| ids[id.index()])));
    }

    fn retain(&mut self, keep: &[bool]) {
        retain_rows(&mut self.ids, keep);
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::store::Input;
    use crate::trace::read::source::{Format, Source};
    use crate::trace::read::{csv, table};
    use crate::trace::{Dataset, Options};

    table! {
        struct Sheet {
            name: Names = required("name"),
            value: Values<Finite> = required("value"),
            upper: Names<Upper> = required("name"),
            share: Values<Share, 2> = optional("part", "whole"),
            note: OptionalNames = optional("note"),
        }
    }

    struct Upper;

    impl Naming for Upper {
        fn name(cell: Cell<'_>, construction: Construction) -> Result<Cow<'_, str>, RowFault> {
            Ok(if construction.is_reference() { cell.text().into() } else { cell.text().to_uppercase().into() })
        }
    }

    struct Share;

    impl Rule<2> for Share {
        type Value = f64;

        fn read([part, whole]: [Cell<'_>; 2], _: Construction) -> Result<f64, RowFault> {
            Ok(part.number_or(0.0)? / whole.number_or(1.0)?)
        }
    }

    fn lenient() -> Options {
        Options { lenient: true, ..Options::new(Dataset::Generic) }
    }

    fn rows(text: &str, construction: Construction, block_bytes: usize) -> Vec<String> {
        let input = Input::new(text.as_bytes(), Path::new("x.csv"), false).unwrap();
        let csv = Format::Csv(csv::open(input, block_bytes).unwrap());
        let source = Source::new("x.csv".into(), csv, Vec::new(), false).unwrap();
        let columns = source.header().select(<Sheet as crate::trace::read::Table>::COLUMNS).unwrap();
        let Sheet { name, value, upper, share, note } =
            source.read::<Sheet>(&columns, &lenient(), &construction).unwrap().table;
        // A row that is left out leaves nothing in any column.
        assert_eq!([name.ids.len(), upper.ids.len(), share.len(), note.ids.len()], [value.len(); 4]);
        let note_of = |row: usize| note[row].map_or("-", |id| note.names.name(id));
        let row = |row: usize| {
            let names = format!("{} {}", name.of_row(row), upper.of_row(row));
            format!("{names} {} {} {}", value[row], share[row], note_of(row))
        };
        (0..value.len()).map(row).collect()
    }

    #[test]
    fn columns_stay_side_by_side_over_blocks_and_rows_with_a_fault() {
        let text = "part,note,value,name,whole\n1,n,1,a,2\n3,,2,b,4\nx,n,3,c,1\n0,m,x,d,1\n1,m,5,a,1\n1,n,6,e,1\n";
        let expected = ["a A 1 0.5 n", "b B 2 0.75 -", "a A 5 1 m", "e E 6 1 n"];
        for block_bytes in [1, 12, 1000] {
            assert_eq!(rows(text, Construction::Own("plain"), block_bytes), expected, "{block_bytes}");
        }
        let found = rows("name,value\na,1\n", Construction::Reference, 1000);
        assert_eq!(found, ["a a 1 0 -"]);
    }
}
