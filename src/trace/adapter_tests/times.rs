//! Times, however they are written.

use super::*;

/// 11:00 and a second, two and three later, however they are written; generic data are the plainest.
#[test]
fn times_of_every_form_are_the_same_times() {
    let forms = [
        ["1709290800000", "1709290801000", "1709290802000", "1709290803000"],
        ["1709290800000000", "1709290801000000", "1709290802000000", "1709290803000000"],
        ["1709290800000000000", "1709290801000000000", "1709290802000000000", "1709290803000000000"],
        ["2024-03-01T11:00:00Z", "2024-03-01 11:00:01+00", "2024-03-01T16:30:02+05:30", "2024-03-01_11:00:03 UTC"],
        [
            "2024-03-01 11:00:00.0+0000",
            "2024-03-01 11:00:01,000Z",
            "20240301T110002Z",
            "2024-03-01T11:00:03.000000000Z",
        ],
    ];
    for [a, b, c, d] in forms {
        let text = format!("t,value\n{a},1\n{b},1\n{c},1\n{d},3\n");
        assert_eq!(samples(&plain(), &text.replace(",000Z", ".000Z")), ["3 0 2.0000 generic"], "{a}");
    }
    // Plain seconds keep their origin.
    let text = "t,value\n1709290800,1\n1709290801,1\n1709290802,1\n1709290803,3\n";
    assert_eq!(samples(&plain(), text), ["1709290803 0 2.0000 generic"]);
    let converted = converted(
        &plain(),
        &text
            .replace("0,1\n", "0000,1\n")
            .replace("1,1\n", "1000,1\n")
            .replace("2,1\n", "2000,1\n")
            .replace("3,3", "3000,3"),
    )
    .unwrap();
    assert_eq!(
        converted.notes,
        ["`t` is in milliseconds since 1970, as its size says; t = 0 is 2024-03-01T11:00:00Z (--time-unit overrides)"]
    );
}

#[test]
fn microseconds_are_kept_over_the_years_since_1970() {
    let text = "t,value\n2024-03-01T11:00:00.000001Z,1\n2024-03-01T11:00:00.000002Z,1\n2024-03-01T11:00:00.000003Z,1\n\
                2024-03-01T11:00:00.000008Z,3\n";
    let stream = converted(&plain(), text).unwrap().stream;
    assert_eq!(stream.sample(0).t, 7e-6);
}

#[test]
fn times_that_cannot_be_known_ask_for_the_option_that_tells_them() {
    let options = |flag: &str, value: &str| {
        let mut options = plain();
        options.set(flag, value).unwrap();
        options
    };
    let text = |times: [&str; 4]| {
        let rows = times.map(|time| format!("{time},1\n"));
        format!("t,value\n{}", rows.concat())
    };
    let local = text(["2024-03-01 11:00:00", "2024-03-01 11:00:01", "2024-03-01 11:00:02", "2024-03-01 11:00:03"]);
    for (times, problem) in [
        (local.clone(), "`./x.csv:2`: `t` is a time without an offset; pass --time-zone UTC or its offset"),
        (
            text(["1", "2", "1709290800000", "3"]),
            "`./x.csv:4`: `t` is in milliseconds since 1970 here and `1`, which is no time since 1970, on line 2; give \
             the whole column one form",
        ),
        (
            text(["1", "2024-03-01T11:00:00Z", "2", "3"]),
            "`./x.csv:3`: `t` is a date and time with its offset here and a number on line 2; give the whole column one form",
        ),
        (text(["0", "NULL", "1", "2"]), "`./x.csv:3:1`: `t` is `NULL`, unknown"),
        (text(["0", "yesterday", "1", "2"]), "`./x.csv:3:1`: `t` is `yesterday`, not a time"),
    ] {
        let found = error(&plain(), &times);
        assert!(found.contains(problem), "{found}");
    }
    for (flag, value) in [("time-zone", "+02:00"), ("time-zone", "UTC")] {
        assert_eq!(samples(&options(flag, value), &local), ["3 0 0.0000 generic"], "{value}");
    }
    assert_eq!(samples(&options("time-unit", "ms"), &text(["0", "500", "1000", "1500"])), ["1.5 0 0.0000 generic"]);
    let found = error(&options("time-unit", "ms"), &local);
    assert!(found.contains("--time-unit is for times that are numbers"), "{found}");
    let found = error(&options("time-zone", "UTC"), &text(["0", "1", "2", "3"]));
    assert!(found.contains("--time-zone is for times without an offset"), "{found}");
    let mut options = plain();
    assert!(options.set("time-zone", "Europe/Berlin").unwrap_err().to_string().contains("changes with the season"));
    assert!(options.set("time-unit", "minutes").is_err());
}
