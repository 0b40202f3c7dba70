use proptest::prelude::*;

use super::*;

struct Line {
    name: String,
    channel: Option<String>,
    number: f64,
}

fn columns() -> TableColumns<'static, Line> {
    TableColumns::default()
        .text("na,me", |line: &Line| &line.name)
        .quoted("channel", |line| line.channel.as_deref().map(Cow::Borrowed))
        .number("number", |line| line.number)
        .rounded("rounded", 1e3, |line| line.number.is_finite().then_some(line.number))
        .fixed("fixed", 2, |line| line.number)
        .count("count", |line| line.name.len() as u64)
        .flag("flag", |line| line.number > 0.0)
}

#[test]
fn every_kind_of_cell_has_its_bytes() {
    let line = |name: &str, channel: Option<&str>, number| Line {
        name: name.to_owned(),
        channel: channel.map(str::to_owned),
        number,
    };
    let rows = [
        line("", None, 1e16),
        line("a,b", Some(""), -0.0),
        line("say \"x\"", Some("q\"1"), 0.0005),
        line("two\nlines", Some("x"), f64::NAN),
        line("cr\rhere", Some(" "), f64::NEG_INFINITY),
        line(" blank #", Some("日本"), 2.5),
    ];
    let expected = "\"na,me\",channel,number,rounded,fixed,count,flag\n\
        ,,10000000000000000,10000000000000000,10000000000000000.00,0,true\n\
        \"a,b\",\"\",-0,-0,-0.00,3,false\n\
        \"say \"\"x\"\"\",\"q\"\"1\",0.0005,0.001,0.00,7,true\n\
        \"two\nlines\",\"x\",NaN,,NaN,9,false\n\
        \"cr\rhere\",\" \",-inf,,-inf,7,false\n \
        blank #,\"日本\",2.5,2.5,2.50,8,true\n";
    assert_eq!(String::from_utf8(columns().csv(&rows)).unwrap(), expected);
    assert_eq!(columns().csv(Vec::<Line>::new()), b"\"na,me\",channel,number,rounded,fixed,count,flag\n");
}

#[test]
fn the_columns_of_a_part_stand_among_those_of_the_whole() {
    let columns = TableColumns::default()
        .count("unit", |(unit, _): &(u64, Line)| *unit)
        .and(TableColumns::default().text("name", |line: &Line| &line.name), |(_, line)| line)
        .flag("last", |(unit, _)| *unit == 2);
    let line = || Line { name: "a\nb".to_owned(), channel: None, number: 0.0 };
    assert_eq!(columns.names().collect::<Vec<_>>(), ["unit", "name", "last"]);
    assert_eq!(columns.csv([(1, line()), (2, line())]), b"unit,name,last\n1,\"a\nb\",false\n2,\"a\nb\",true\n");
}

proptest! {
    #[test]
    fn any_text_and_any_number_read_back(
        rows in prop::collection::vec((".*", prop::option::of("[\"',\r\n a-c]*"), prop::num::f64::NORMAL), 0..6)
    ) {
        let rows: Vec<Line> =
            rows.into_iter().map(|(name, channel, number)| Line { name, channel, number }).collect();
        let table = CsvTable::parse(Path::new("t.csv"), &columns().csv(&rows), &["na,me", "channel"]).unwrap();
        prop_assert_eq!(table.rows().count(), rows.len());
        for (read, line) in table.rows().zip(&rows) {
            prop_assert_eq!(read.text("na,me"), &line.name);
            prop_assert_eq!(read.text("channel"), line.channel.as_deref().unwrap_or_default());
            prop_assert_eq!(read.finite("number").unwrap().to_bits(), line.number.to_bits());
            prop_assert_eq!(read.text("flag"), (line.number > 0.0).to_string());
        }
    }
}
