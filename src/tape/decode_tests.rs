use super::*;

/// Both paths on the same text, the fast one only where it applies.
fn decode_line(text: &str) -> Result<(f64, Class, f64, Option<String>), BadLine> {
    let decoded = decode(text.as_bytes());
    match decoded.bad {
        Some(bad) => Err(bad),
        None => {
            let stream = decoded.samples.finish("");
            assert_eq!(stream.len(), 1, "{text}");
            let sample = stream.sample(0);
            Ok((sample.t, sample.class, sample.value, sample.channel.map(str::to_owned)))
        }
    }
}

#[test]
fn every_legal_spelling_of_a_sample_is_the_same_sample() {
    let expected = (1.5, Class::CacheIo, -0.25, Some("a\"b é".to_owned()));
    for text in [
        r#"{"t":1.5,"class":"CacheIo","value":-0.25,"channel":"a\"b é"}"#,
        r#"{"t":1.5,"class":"CacheIo","value":-0.25,"channel":"a\u0022b \u00e9"}"#,
        r#" { "t" : 15e-1 , "class" : "CacheIo" , "value" : -25E-2 , "channel" : "a\"b é" } "#,
        r#"{"channel":"a\"b é","value":-0.25,"class":{"CacheIo":null},"t":1.5,"x":[1,{"y":null}],"x":2}"#,
        r#"[1.5,"CacheIo",-0.25,"a\"b é"]"#,
    ] {
        for end in ["", "\n", "\r\n"] {
            assert_eq!(decode_line(&format!("{text}{end}")), Ok(expected.clone()), "{text}");
        }
    }
}

#[test]
fn a_channel_may_be_null_missing_or_empty() {
    for (text, channel) in [
        (r#"{"t":1.0,"class":"CacheIo","value":0.0,"channel":null}"#, None),
        (r#"{"t":1.0,"class":"CacheIo","value":0.0}"#, None),
        (r#"{"t":1.0,"class":"CacheIo","value":0.0,"channel":""}"#, Some(String::new())),
    ] {
        assert_eq!(decode_line(text).unwrap().3, channel, "{text}");
    }
}

#[test]
fn what_is_not_a_sample_is_refused_with_its_line() {
    for (text, line, problem) in [
        (
            "{\"t\":1.0,\"class\":\"CacheIo\",\"value\":0.0}\n \n",
            2,
            "the line is not a sample: EOF while parsing a value",
        ),
        ("\r\n\n\r", 3, "the line is not a sample: EOF while parsing a value"),
        ("\n\n{\"t\":1.0,\"class\":\"CacheIo\"}\n", 3, "the line is not a sample: missing field `value`"),
        (r#"{"t":1.0,"t":1.0,"class":"CacheIo","value":0.0}"#, 1, "the line is not a sample: duplicate field `t`"),
        (
            r#"{"t":null,"class":"CacheIo","value":0.0}"#,
            1,
            "the line is not a sample: invalid type: null, expected f64",
        ),
        (r#"{"t":01.0,"class":"CacheIo","value":0.0,"channel":null}"#, 1, "the line is not a sample: invalid number"),
        (r#"{"t":1.,"class":"CacheIo","value":0.0,"channel":null}"#, 1, "the line is not a sample: invalid number"),
        (
            r#"{"t":1.0,"class":"CacheIo","value":1e999,"channel":null}"#,
            1,
            "the line is not a sample: number out of range",
        ),
        (r#"{"t":1.0,"class":"CacheIo","value":NaN,"channel":null}"#, 1, "the line is not a sample: expected value"),
        (
            "{\"t\":1.0,\"class\":\"CacheIo\",\"value\":0.0,\"channel\":\"a\tb\"}",
            1,
            "the line is not a sample: control character (\\u0000-\\u001F) found while parsing a string",
        ),
        (
            r#"{"t":1.0,"class":"CacheIo","value":0.0,"channel":null} x"#,
            1,
            "the line is not a sample: trailing characters",
        ),
    ] {
        let bad = decode_line(text).unwrap_err();
        assert_eq!((bad.line, bad.problem.to_string().as_str()), (line, problem), "{text}");
    }
    let bad = decode(b"{\"t\":1.0,\"class\":\"CacheIo\",\"value\":0.0,\"channel\":\"\xff\"}\n").bad.unwrap();
    assert_eq!((bad.line, bad.problem), (1, LineProblem::NotUtf8));
}

#[test]
fn a_line_feed_inside_a_known_channel_is_not_matched_across_lines() {
    let text = "{\"t\":1.0,\"class\":\"CacheIo\",\"value\":0.0,\"channel\":\"a\\nb\"}\n\
                {\"t\":1.0,\"class\":\"CacheIo\",\"value\":0.0,\"channel\":\"a\nb\"}\n";
    assert_eq!(decode(text.as_bytes()).bad.unwrap().line, 2);
}

#[test]
fn a_channel_that_is_expected_to_follow_is_not_mistaken_for_another() {
    let line = |channel: &str| format!("{{\"t\":1.0,\"class\":\"CacheIo\",\"value\":0.0,\"channel\":{channel}}}\n");
    // `a` is followed by `b`, then by names that begin like `b`, like `a`, by an escaped one, by none.
    let names = [
        r#""a""#,
        r#""b""#,
        r#""a""#,
        r#""bb""#,
        r#""a""#,
        r#""aa""#,
        r#""a""#,
        r#""a\"b""#,
        r#""a""#,
        "null",
        r#""""#,
    ];
    let text: String = names.iter().map(|name| line(name)).collect();
    let decoded = decode(text.as_bytes());
    assert_eq!(decoded.bad, None);
    let stream = decoded.samples.finish("");
    let read: Vec<Option<&str>> = stream.samples().map(|sample| sample.channel).collect();
    let a = Some("a");
    assert_eq!(read, [a, Some("b"), a, Some("bb"), a, Some("aa"), a, Some("a\"b"), a, None, Some("")]);
    // The escaped name, unescaped, is no JSON, although the channel is known.
    let text = line(r#""a\"b""#).repeat(2) + &line(r#""a"b""#);
    assert_eq!(decode(text.as_bytes()).bad.unwrap().line, 3);
}
