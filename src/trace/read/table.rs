//! Declared tables.

/// Declares a table of columns: what each is called in the header, whether a file may lack it, and what its cells become.
///
/// ```ignore
/// table! {
///     /// The executions.
///     struct Executions {
///         query: Names = required("query_id"),
///         latency_ms: Values<Duration> = required("latency_ms"),
///         wait: Waits = optional("wait_event", "wait_seconds"),
///     }
/// }
/// ```
macro_rules! table {
    ($(#[$doc:meta])* struct $table:ident {
        $($(#[$column_doc:meta])* $field:ident: $column:ty = $presence:ident($($name:literal),+),)+
    }) => {
        $(#[$doc])*
        #[derive(Default)]
        struct $table {
            $($(#[$column_doc])* $field: $column,)+
        }

        impl $crate::trace::read::Table for $table {
            type Context = $crate::trace::adapter::Construction;

            const COLUMNS: &'static [$crate::trace::read::ColumnSpec] =
                &[$($($crate::trace::read::ColumnSpec::$presence($name),)+)+];

            fn row(
                &mut self,
                construction: &Self::Context,
                row: &$crate::trace::read::CellRow<'_, '_>,
            ) -> Result<(), $crate::trace::read::RowFault> {
                use $crate::trace::read::Column;
                let mut cells = row.cells();
                // All cells are read before anything is appended: a row with a fault leaves nothing.
                $(let $field = <$column as Column<{ [$($name),+].len() }>>::read(
                    [$({ let _ = $name; cells.take() }),+],
                    *construction,
                )?;)+
                $(<$column as Column<{ [$($name),+].len() }>>::push(&mut self.$field, $field);)+
                Ok(())
            }

            fn append(&mut self, later: Self) {
                use $crate::trace::read::Column;
                $(<$column as Column<{ [$($name),+].len() }>>::append(&mut self.$field, later.$field);)+
            }

            fn retain(&mut self, keep: &[bool]) {
                use $crate::trace::read::Column;
                $(<$column as Column<{ [$($name),+].len() }>>::retain(&mut self.$field, keep);)+
            }

            fn settle(
                &mut self,
                settling: &mut $crate::trace::read::Settling<'_>,
            ) -> Result<(), $crate::trace::TraceError> {
                $(settling.next::<{ [$($name),+].len() }>(&mut self.$field)?;)+
                Ok(())
            }
        }
    };
}

pub(crate) use table;
