use super::*;

/// A plan of one node over those in `below`, in JSON.
fn node(kind: &str, more: &str, rows: (u64, u64), below: &[String]) -> String {
    let (planned, actual) = rows;
    format!(
        r#"{{"Node Type":"{kind}",{more}"Plan Rows":{planned},"Actual Rows":{actual},"Actual Loops":1,"Plans":[{}]}}"#,
        below.join(",")
    )
}

const OUTER: &str = r#""Parent Relationship":"Outer","#;
const INNER: &str = r#""Parent Relationship":"Inner","#;

fn scan(side: &str, rows: (u64, u64)) -> String {
    node("Seq Scan", side, rows, &[])
}

fn worst(plan: &str) -> Option<(usize, f64, f64)> {
    read(plan, ReadBy::Whole)
}

fn read(plan: &str, read: ReadBy) -> Option<(usize, f64, f64)> {
    let plan = Plan::of_log(&format!(r#"{{"Query Text":"SELECT 'hunter2'","Plan":{plan}}}"#)).expect("a plan").0;
    plan.worst(read).map(|RowEstimate { node, planned, actual }| (node, planned, actual))
}

#[test]
fn rows_of_what_stops_early_are_a_lower_bound() {
    let few = (9000, 10);
    let join = |kind: &str, join: &str, outer: (u64, u64), inner: (u64, u64)| {
        let more = format!(r#""Join Type":"{join}","#);
        node(kind, &more, (10, 10), &[scan(OUTER, outer), scan(INNER, inner)])
    };
    let limited = |below: String| node("Limit", "", (10, 10), &[below]);
    let aggregate = |strategy: &str| {
        node("Aggregate", &format!(r#"{OUTER}"Strategy":"{strategy}","#), (10, 10), &[scan(OUTER, few)])
    };
    let right = (10, 10);
    let nothing = (0, 10.0, 10.0);
    let unique =
        join("Nested Loop", "Inner", right, few).replace(r#""Join Type""#, r#""Inner Unique":true,"Join Type""#);
    let subselect = |side: &str| node("Result", "", (10, 10), &[scan(&OUTER.replace("Outer", side), few)]);
    let window = |more: &str| node("WindowAgg", more, (10, 10), &[scan(OUTER, few)]);
    for (plan, expected, why) in [
        (scan("", few), (0, 9000.0, 10.0), "read to its end"),
        (limited(scan(OUTER, few)), nothing, "LIMIT"),
        (limited(scan(OUTER, (10, 9000))), (1, 10.0, 9000.0), "more than planned, at least"),
        (limited(join("Nested Loop", "Inner", few, few)), nothing, "below a LIMIT at any depth"),
        (limited(node("Sort", OUTER, few, &[scan(OUTER, few)])), (2, 9000.0, 10.0), "a sort reads all of it"),
        (limited(aggregate("Hashed")), (2, 9000.0, 10.0), "so does an aggregate"),
        (limited(aggregate("Sorted")), nothing, "but not one of sorted groups"),
        (join("Nested Loop", "Inner", right, few), (2, 9000.0, 10.0), "an inner join reads both sides"),
        (join("Nested Loop", "Semi", right, few), nothing, "first match"),
        (join("Nested Loop", "Semi", few, right), (1, 9000.0, 10.0), "but all of the outer side"),
        (join("Nested Loop", "Anti", right, few), nothing, "first match"),
        (unique, nothing, "only match"),
        (join("Merge Join", "Inner", few, few), nothing, "end of the other side"),
        (join("Merge Join", "Inner", right, (10, 9000)), nothing, "rows of the inner side are read again"),
        (join("Merge Join", "Left", few, right), (1, 9000.0, 10.0), "the left side is read to its end"),
        (join("Hash Join", "Inner", few, right), (1, 9000.0, 10.0), "a hash join reads both"),
        (join("Hash Join", "Semi", right, few), (2, 9000.0, 10.0), "a hash join reads both"),
        (join("Hash Join", "Inner", few, (1, 0)), (2, 1.0, 0.0), "nothing can match"),
        (join("Hash Join", "Left", few, (1, 0)), (1, 9000.0, 10.0), "all rows of the left are wanted"),
        (subselect("SubPlan"), nothing, "EXISTS"),
        (subselect("InitPlan"), nothing, "EXISTS"),
        (window(""), (1, 9000.0, 10.0), "a window"),
        (window(r#""Run Condition":"(row_number() <= 3)","#), nothing, "a window that stops"),
        (node("Append", "", (10, 10), &[scan(OUTER, few)]), (1, 9000.0, 10.0), "all of it"),
    ] {
        let found = worst(&plan).expect("a node of which something is known");
        // Nodes whose estimates are equally right are alike.
        let told = if expected == nothing { (0, found.1, found.2) } else { found };
        assert_eq!(told, expected, "{why}: {plan}");
    }
    // A table that was changed counts no rows, and one that was never asked neither.
    let changed = node("ModifyTable", "", (1000, 0), &[scan(OUTER, few)]);
    assert_eq!(worst(&changed), Some((1, 9000.0, 10.0)));
    assert_eq!(worst(&scan("", few).replace(r#""Actual Loops":1"#, r#""Actual Loops":0"#)), None);
    // A cursor may stop anywhere.
    assert_eq!(read(&scan("", few), ReadBy::Perhaps), None);
    assert_eq!(read(&scan("", (10, 9000)), ReadBy::Perhaps), Some((0, 10.0, 9000.0)));
}

#[test]
fn all_rows_of_parallel_workers_are_compared() {
    // 240,000 rows: planned for two workers and 0.4 of the leader, done by the leader alone.
    let aware = r#""Parent Relationship":"Outer","Parallel Aware":true,"#;
    let gather = |scan: String| node("Gather", r#""Workers Planned":2,"Workers Launched":0,"#, (1, 1), &[scan]);
    assert_eq!(worst(&gather(scan(aware, (100_000, 480_000)))), Some((1, 240_000.0, 480_000.0)));
    let three = scan(aware, (100_000, 160_000)).replace(r#""Actual Loops":1"#, r#""Actual Loops":3"#);
    assert_eq!(worst(&gather(three)), Some((1, 240_000.0, 480_000.0)));
    // Each process reads all of what is not shared.
    assert_eq!(worst(&gather(scan(OUTER, (100, 400)))), Some((1, 100.0, 400.0)));
}

#[test]
fn a_plan_in_text_is_the_tree_that_it_shows() {
    let worst = |text: &str| {
        let (plan, _) = Plan::of_log(text).expect("a plan");
        plan.worst(ReadBy::Whole).map(|RowEstimate { node, planned, actual }| (node, planned, actual))
    };
    let scan = "->  Seq Scan on b  (cost=0.00..1.00 rows=9000 width=4) (actual time=0.1..0.2 rows=10.00 loops=1)";
    let root = |name: &str| format!("{name}  (cost=1.00..2.00 rows=10 width=8) (actual rows=10 loops=1)");
    let below =
        |name: &str| format!("Query Text: SELECT 1\n  FROM b\n{}\n  {scan}\n        Filter: (g >= 0)", root(name));
    assert_eq!(worst(&below("Aggregate")), Some((1, 9000.0, 10.0)));
    assert_eq!(worst(&below("Limit")), Some((0, 10.0, 10.0)));
    let sub = format!("{}\n  InitPlan 1 (returns $0)\n    {scan}\n  {}", root("Result"), root("->  Seq Scan on c"));
    assert_eq!(worst(&sub).map(|(_, planned, _)| planned), Some(10.0));
    for (name, expected) in [
        ("Hash Semi Join", 9000.0),
        ("Nested Loop Semi Join", 10.0),
        ("Nested Loop Left Join", 10.0),
        ("Parallel Hash Left Join", 9000.0),
        ("Merge Right Anti Join", 10.0),
    ] {
        let text = format!("{}\n  {}\n  {scan}", root(name), root("->  Seq Scan on c"));
        assert_eq!(worst(&text).map(|(_, planned, _)| planned), Some(expected), "{name}");
    }
    assert!(Plan::of_log("Query Text: SELECT 1").is_err());
}
