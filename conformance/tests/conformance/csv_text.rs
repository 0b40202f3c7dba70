//! Strategies for CSV files: rows of cells, spelled in every way that means the same.

use proptest::prelude::*;

/// A table before it is spelled: column names and rows of cells.
#[derive(Clone, Debug)]
pub(crate) struct Cells {
    pub(crate) columns: Vec<&'static str>,
    pub(crate) rows: Vec<Vec<String>>,
}

/// How a table is spelled; what it means is the same.
#[derive(Clone, Debug)]
pub(crate) struct Layout {
    order: u64,
    extra: usize,
    quotes: u64,
    ending: &'static str,
    blank_lines: bool,
    bom: bool,
    open_end: bool,
}

pub(crate) fn layout() -> impl Strategy<Value = Layout> {
    let ending = prop::sample::select(&["\n", "\n", "\r\n", "\r"][..]);
    let quotes = prop_oneof![3 => Just(0), 1 => Just(u64::MAX), 2 => any::<u64>()];
    let flags = (prop::bool::weighted(0.2), prop::bool::weighted(0.1), any::<bool>());
    (any::<u64>(), 0..3_usize, quotes, ending, flags).prop_map(|(order, extra, quotes, ending, flags)| {
        let (blank_lines, bom, open_end) = flags;
        Layout { order, extra, quotes, ending, blank_lines, bom, open_end }
    })
}

/// What makes a row unreadable.
#[derive(Clone, Debug)]
pub(crate) enum Fault {
    Cell(prop::sample::Index, &'static str),
    FewerFields,
    MoreFields,
    NotUtf8(prop::sample::Index),
}

pub(crate) fn faults() -> impl Strategy<Value = Vec<(prop::sample::Index, Fault)>> {
    const BAD: [&str; 22] = [
        "",
        " ",
        "x",
        "1 ",
        " 1",
        "1e",
        "e5",
        "0x10",
        "0x",
        "1_0",
        "1,5",
        "--1",
        "+",
        ".",
        "-",
        "1.2.3",
        "\u{664}",
        "1e5x",
        "-1",
        "1.5",
        "\\N",
        "18446744073709551616",
    ];
    let fault = prop_oneof![
        6 => (any::<prop::sample::Index>(), prop::sample::select(&BAD[..])).prop_map(|(cell, bad)| Fault::Cell(cell, bad)),
        1 => Just(Fault::FewerFields),
        1 => Just(Fault::MoreFields),
        1 => any::<prop::sample::Index>().prop_map(Fault::NotUtf8),
    ];
    prop::collection::vec((any::<prop::sample::Index>(), fault), 1..6)
}

impl Cells {
    /// The bytes of the file.
    pub(crate) fn spell(&self, layout: &Layout, faults: &[(prop::sample::Index, Fault)]) -> Vec<u8> {
        const EXTRA: [&str; 2] = ["note, \"of\"\nsomebody", "x0"];
        const JUNK: [&str; 5] = ["", "a,b", "say \"x\"", "1e5", "日本"];
        let mut order: Vec<usize> = (0..self.columns.len() + layout.extra).collect();
        let mut state = layout.order;
        for index in (1..order.len()).rev() {
            order.swap(index, (state % (index as u64 + 1)) as usize);
            state = state.rotate_right(5).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        }
        let cell = |row: usize, column: usize| match (row, column.checked_sub(self.columns.len())) {
            (0, None) => self.columns[column].as_bytes(),
            (0, Some(extra)) => EXTRA[extra].as_bytes(),
            (_, None) => self.rows[row - 1][column].as_bytes(),
            (_, Some(extra)) => JUNK[(row + extra) % JUNK.len()].as_bytes(),
        };
        let mut text = if layout.bom { b"\xef\xbb\xbf".to_vec() } else { Vec::new() };
        for row in 0..=self.rows.len() {
            let mut fields: Vec<Vec<u8>> = order.iter().map(|column| cell(row, *column).to_vec()).collect();
            for (_, fault) in faults.iter().filter(|(at, _)| row > 0 && at.index(self.rows.len()) == row - 1) {
                fault.apply(&mut fields);
            }
            let quoted = |field: usize| layout.quotes.rotate_right((row * 7 + field) as u32) & 1 == 1;
            for (index, field) in fields.iter().enumerate() {
                if index > 0 {
                    text.push(b',');
                }
                spell_field(&mut text, field, quoted(index) || fields.len() == 1);
            }
            if row < self.rows.len() || !layout.open_end {
                text.extend_from_slice(layout.ending.as_bytes());
            }
            if layout.blank_lines && row % 3 == 1 {
                text.extend_from_slice(layout.ending.as_bytes());
            }
        }
        text
    }
}

impl Fault {
    fn apply(&self, fields: &mut Vec<Vec<u8>>) {
        match self {
            Self::Cell(at, bad) if !fields.is_empty() => {
                let at = at.index(fields.len());
                fields[at] = bad.as_bytes().to_vec();
            }
            Self::NotUtf8(at) if !fields.is_empty() => {
                let at = at.index(fields.len());
                fields[at].push(0xff);
            }
            Self::FewerFields => drop(fields.pop()),
            Self::MoreFields => fields.push(b"1".to_vec()),
            Self::Cell(..) | Self::NotUtf8(_) => {}
        }
    }
}

fn spell_field(text: &mut Vec<u8>, field: &[u8], quoted: bool) {
    if !quoted && !field.iter().any(|byte| matches!(byte, b',' | b'"' | b'\r' | b'\n')) {
        return text.extend_from_slice(field);
    }
    text.push(b'"');
    for byte in field {
        text.extend(std::iter::repeat_n(*byte, if *byte == b'"' { 2 } else { 1 }));
    }
    text.push(b'"');
}
