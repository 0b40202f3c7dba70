use proptest::prelude::*;

use super::*;

#[test]
fn keywords_are_sorted() {
    assert!(token::KEYWORDS.is_sorted());
}

#[test]
fn statements_have_the_names_that_readers_expect() {
    for (sql, expected) in [
        ("SELECT * FROM items WHERE id = $1", "select * from items where id = ?"),
        ("select  *\n from Items where ID=42 ;", "select * from items where id = ?"),
        ("SELECT \"Id\" FROM \"orders\" WHERE \"n\" = 'it''s'", "select \"Id\" from \"orders\" where \"n\" = ?"),
        ("SELECT [order id], a[1] FROM [dbo].[T]", "select [order id], a[?] from [dbo].[T]"),
        ("SELECT `a``b` FROM `t`", "select `a``b` from `t`"),
        ("SELECT 1 -- don't cache\n, 2 /* a /* b */ ' */ FROM t", "select ?, ? from t"),
        ("SELECT E'it\\'s', N'x', X'1F', u&'\\0061', $$a'b$$, $t$a$$b$t$ FROM t", "select ?, ?, ?, ?, ?, ? from t"),
        ("SELECT 'C:\\' , a FROM t", "select ?, a from t"),
        ("select -1, a-1, a - -1, 1.5e-3, .5, 0x1F, 1e5+2 from t12", "select ?, a - ?, a - ?, ?, ?, ?, ? + ? from t12"),
        ("select :a, @b, %s, %(c)s, a % b, ?::int, @@rowcount", "select ?, ?, ?, ?, a % b, ?::int, @@rowcount"),
        (
            "SELECT count(*), t.* FROM t WHERE a IN (1,2, 3) AND b IN ('x')",
            "select count(*), t.* from t where a in (?) and b in (?)",
        ),
        ("INSERT INTO t(a,b) VALUES (1,2),(3,4), (5,6)", "insert into t(a, b) values (?, ?)"),
        ("INSERT INTO t (a, b) VALUES (1,2)", "insert into t(a, b) values (?, ?)"),
        ("SELECT f(1), f(2), (1), (2)", "select f(?), f(?), (?)"),
        (
            "select a::text->>'k', b || 'x' from t where c<=5 and d!=6",
            "select a::text ->> ?, b || ? from t where c <= ? and d != ?",
        ),
        (
            "select a--1\r, b from[t 1],2023_sales, 1_000, 1e5, 1. from 1e",
            "select a, b from [t 1], 2023_sales, ?, ?, ? from 1e",
        ),
        ("SELECT 'unclosed", "select ?"),
        ("select \"unclosed", "select \"unclosed"),
        ("/* ping */  -- x", "/* ping */ -- x"),
        (" ", ""),
        ("GET user:1234", "get user : ?"),
        ("Straße = 'ß'", "straße = ?"),
    ] {
        assert_eq!(name(sql, Dialect::Unknown), expected, "{sql}");
    }
}

#[test]
fn a_system_is_read_by_its_own_rules() {
    for (systems, sql, expected) in [
        (&["mysql", "tidb"][..], "SELECT \"it\\\"s\", 'a\\'b' # rest's\nFROM t", "select ?, ? from t"),
        // Comments in comments.
        (&["mysql", "sqlite", "oracle.db", "trino", "snowflake"], "select /* a /* b */ x from t", "select x from t"),
        (&["postgresql", "mssql", "clickhouse", "databricks", "ibm.db2", ""], "select /* a /* b */ ' */ x", "select x"),
        // What no system with comments in comments takes.
        (&["postgresql", ""], "select /* a /* b */ x from t", "select x from t"),
        (&["postgresql", "mysql"], "select x /* never closed", "select x"),
        (&["mysql", "mariadb", "tidb"], "select 5--3 from t", "select ? - ? from t"),
        (&["mysql"], "select 5-- 3\n from t --", "select ? from t"),
        (&["postgresql", "snowflake"], "select 5--3\n from t", "select ? from t"),
        (&["mysql", "mariadb"], "select /*!50000 a */ from /*M! b */ t /* c */", "select a from b t"),
        (&["postgresql"], "select /*!50000 a */ b from t", "select b from t"),
        (
            &[
                "clickhouse",
                "snowflake",
                "databricks",
                "tidb",
                "singlestore",
                "bigquery",
                "spark",
                "mysql",
                "mariadb",
                "hive",
                "gcp.spanner",
                "aws.redshift",
                "neo4j",
            ],
            "select a from t where n = 'it\\'s' and x in ('a', 'b')",
            "select a from t where n = ? and x in (?)",
        ),
        (&["postgresql", "mssql", "sqlite", "oracle.db", "trino", ""], "select 'C:\\', b from t", "select ?, b from t"),
        (&["hive", "spark", "bigquery", "couchbase"], "select \"a\", b from t", "select ?, b from t"),
        (&["clickhouse", "snowflake", "sqlite"], "select \"a\", b from t", "select \"a\", b from t"),
        (&["bigquery", "gcp.spanner"], "select '''it's''', \"\"\"a\"b\\\"\"\"\", '' from t", "select ?, ?, ? from t"),
        // Names and arrays in brackets.
        (
            &["mssql", "sqlite"],
            "select sum(x)[Total 2012], a[b 1] from t",
            "select sum(x) [Total 2012], a [b 1] from t",
        ),
        (&["postgresql", "trino"], "select (f(x))[2], array [1, 2] from t", "select (f(x))[?], array[?, ?] from t"),
        (&["clickhouse"], "select a from t where has([1, 2], a)", "select a from t where has([?, ?], a)"),
        // Comments to the end of the line.
        (&["snowflake", "clickhouse", "cassandra", "h2database"], "select a // it's\nfrom t", "select a from t"),
        (&["clickhouse"], "select a # it's\nfrom t #! it's", "select a from t"),
        (&["duckdb"], "select a // b from t", "select a // b from t"),
        (&["postgresql"], "select a # b from t", "select a # b from t"),
        // Oracle's quotes.
        (
            &["oracle.db", "firebirdsql", "mssql", ""],
            "select q'[it's 1]', Nq'!it's!', q'(a)b)', q from t",
            "select ?, ?, ?, q from t",
        ),
        (&["mssql"], "select q from t where q='a'", "select q from t where q = ?"),
        (&["oracle.db"], "select q'[never closed", "select q ?"),
    ] {
        for system in systems {
            assert_eq!(name(sql, Dialect::of_system(system)), expected, "{system}: {sql}");
        }
    }
}

#[test]
fn a_variable_is_a_table_where_one_is_named_and_else_a_parameter() {
    for (sql, expected) in [
        ("select * from @Small", "select * from @small"),
        ("select * from t, @a as x, @b join @c on x.i = @p", "select * from t, @a as x, @b join @c on x.i = ?"),
        ("select * from f(@p, @q) x, @b", "select * from f(?, ?) x, @b"),
        ("insert into @t select @p, @q", "insert into @t select ?, ?"),
        ("update @t set a = @p, b = @q", "update @t set a = ?, b = ?"),
        ("delete @t where a in (@p, @q)", "delete @t where a in (?)"),
        ("merge @t using @s on @p = 1", "merge @t using @s on ? = ?"),
        ("exec f @p, @q", "exec f ?, ?"),
        ("select extract(year from @p), substring(a from @p)", "select extract(year from ?), substring(a from ?)"),
        ("select 1 where a is distinct from @p", "select ? where a is distinct from ?"),
        ("select a from t order by @p, @q", "select a from t order by ?, ?"),
    ] {
        for system in ["mssql", "", "postgresql"] {
            assert_eq!(name(sql, Dialect::of_system(system)), expected, "{system}: {sql}");
        }
    }
}

#[test]
fn what_is_withheld_or_unknown_is_no_statement() {
    for text in [
        "NULL",
        "null",
        "\\N",
        "None",
        "?",
        "-",
        " N/A ",
        "unknown",
        "<redacted>",
        "[Filtered]",
        "***",
        "REDACTED",
        ";",
        "<insufficient privilege>",
    ] {
        assert!(is_unknown(text), "{text}");
    }
    for text in ["commit", "ping", "select ?", "GET ?", "[sp_who]", "select null", "-- a comment", "é"] {
        assert!(!is_unknown(text), "{text}");
    }
}

#[test]
fn what_names_another_table_is_another_statement() {
    let of = |sql| name(sql, Dialect::Unknown);
    assert_ne!(of("select * from \"orders\""), of("select * from \"customers\""));
    assert_ne!(of("select * from t1"), of("select * from t2"));
    assert_ne!(of("select * from 2023_sales"), of("select * from 2024_sales"));
    assert_ne!(of("select[a 1]"), of("select[a 2]"));
    assert_ne!(of("select 1, 2 from t"), of("select 1 from t"));
    assert_ne!(of("select \"a\""), of("select \"A\""));
    assert_ne!(of("-- one"), of("-- two"));
    assert_ne!(of("select * from @one"), of("select * from @two"));
}

proptest! {
    #[test]
    fn any_text_has_a_name(text in "[a-z0-9 '\"$(),.*/\\-\\[\\]?:@%=;éE\\\\`\n]{0,60}") {
        for system in ["", "postgresql", "mssql", "mysql", "bigquery", "clickhouse", "oracle", "snowflake"] {
            let dialect = Dialect::of_system(system);
            let once = name(&text, dialect);
            prop_assert_eq!(name(&format!("{text}\n"), dialect).is_empty(), once.is_empty());
        }
    }

    #[test]
    fn layout_comments_case_and_literals_have_no_say(gaps in prop::collection::vec(0..5_usize, 13), number in any::<u32>(), text in "[a-z ,();-]*") {
        let words = ["select", "a", ".", "b", ",", "f", "(", "1", ")", "from", "t", "where", "c", "=", "'x'"];
        let expected = name(&words.join(" "), Dialect::Unknown);
        let gap = [" ", "\n\t", " /* it's (1, */ ", " -- don't\n", "  "];
        let mut sql = String::new();
        for (at, word) in words.iter().enumerate() {
            sql += &word.to_uppercase().replace('1', &number.to_string()).replace('X', &text);
            sql += gap[gaps.get(at).copied().unwrap_or_default()];
        }
        prop_assert_eq!(name(&sql, Dialect::Unknown), expected);
    }
}

/// Rules that are a guess give way to those by which the text is whole.
#[test]
fn a_literal_that_is_never_closed_is_read_by_the_rules_that_close_it() {
    for dialect in [Dialect::Unknown, Dialect::SqlServer] {
        for (sql, expected) in [
            ("select a # don't\nfrom t1", "select a from t1"),
            ("select 'it\\'s' from t1", "select ? from t1"),
            // It is whole as it is.
            ("select 'C:\\' from t1", "select ? from t1"),
            ("select a from #temp", "select a from # temp"),
            // It is whole by no rules: a text that was cut.
            ("select a from t1 where b = 'x", "select a from t1 where b = ?"),
        ] {
            assert_eq!(name(sql, dialect), expected, "{sql}");
        }
    }
    assert_eq!(name("select a # don't\nfrom t1", Dialect::Postgres), "select a # don ?");
}
