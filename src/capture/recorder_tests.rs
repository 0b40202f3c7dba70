//! Captures of a server that is no database: the loop, the trait and the recording know none.

use std::collections::VecDeque;
use std::path::Path;
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use super::{Capture, CaptureError, Captured, End, GoneReason, Lost, PollReading, Preflight, Server, Written, capture};
use crate::tape::TapeError;
use crate::tape::recording::{
    Body, Poll, Record, RecordedCell, RecordingHeader, RecordingLine, ServerIdentity, ViewDescription, ViewKind,
    read_recording,
};

/// A broker with one queue, which does what it is told at each poll.
struct Broker {
    version_num: i64,
    script: VecDeque<Step>,
    connections: usize,
    delivered: i64,
}

enum Step {
    Answer,
    Lose,
    LoseTooLarge,
    ComeBackAs(i64),
}

impl Broker {
    fn new(script: impl IntoIterator<Item = Step>) -> Self {
        Self { version_num: 4, script: script.into_iter().collect(), connections: 0, delivered: 0 }
    }
}

impl Server for Broker {
    fn place(&self) -> String {
        "observer@broker".to_owned()
    }

    async fn preflight(&mut self) -> Result<Preflight, CaptureError> {
        self.connections += 1;
        let view = |name: &str, kind, columns: &[&str], key: &[&str]| ViewDescription {
            name: name.to_owned(),
            kind,
            columns: columns.iter().map(|name| (*name).to_owned()).collect(),
            key: key.iter().map(|name| (*name).to_owned()).collect(),
            counters: Vec::new(),
        };
        Ok(Preflight {
            server: ServerIdentity {
                kind: "Broker".to_owned(),
                version: self.version_num.to_string(),
                version_num: self.version_num,
                identifier: None,
            },
            views: vec![
                view("queues", ViewKind::Counters, &["delivered", "queue"], &["queue"]),
                view("alarms", ViewKind::State, &["text"], &[]),
            ],
            ..Preflight::default()
        })
    }

    async fn poll(&mut self, views: &[&str]) -> Result<PollReading, Lost> {
        let lost = |too_large| Lost { view: Some("alarms".to_owned()), reason: "cut".to_owned(), too_large };
        match self.script.pop_front() {
            None | Some(Step::Answer) => {}
            Some(Step::Lose) => return Err(lost(false)),
            Some(Step::LoseTooLarge) => return Err(lost(true)),
            Some(Step::ComeBackAs(version_num)) => {
                self.version_num = version_num;
                return Err(lost(false));
            }
        }
        self.delivered += 1;
        let queues = vec![
            vec![RecordedCell::Int(self.delivered), RecordedCell::Text("a".to_owned())],
            vec![RecordedCell::Int(7), RecordedCell::Text("b".to_owned())],
        ];
        let rows = |view: &str| if view == "queues" { queues.clone() } else { Vec::new() };
        let views = views.iter().map(|view| ((*view).to_owned(), Ok(rows(view)))).collect();
        Ok(PollReading { views, ..PollReading::default() })
    }
}

fn settings(recording: &Path) -> Capture {
    Capture {
        interval: Duration::from_millis(20),
        duration: Some(Duration::from_millis(900)),
        budget: 1.0,
        give_up: Duration::from_secs(30),
        ..Capture::new(recording)
    }
}

/// Captures `server`, and reads the recording back.
fn record(server: &mut Broker) -> (Captured, RecordingHeader, Vec<Record>) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("run.jsonl");
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let mut watched = 0;
    let captured = runtime
        .block_on(capture(&settings(&path), server, &CancellationToken::new(), &mut |written| {
            watched += usize::from(matches!(written, Written::Record(_)));
            Ok(())
        }))
        .unwrap();
    let (mut header, mut records) = (None, Vec::new());
    read_recording::<TapeError>(&path, |_, line| {
        match line {
            RecordingLine::Header(found) => header = Some(*found),
            RecordingLine::Record(record) => records.push(*record),
        }
        Ok(())
    })
    .unwrap();
    // All but the end, which is written when nobody watches any more.
    assert_eq!(watched + 1, records.len());
    (captured, header.unwrap(), records)
}

fn polls<'a>(records: &'a [Record]) -> Vec<&'a Poll> {
    let poll = |record: &'a Record| if let Body::Poll(poll) = &record.body { Some(poll.as_ref()) } else { None };
    records.iter().filter_map(poll).collect()
}

#[test]
fn a_server_of_another_kind_is_captured_with_its_own_views() {
    let mut broker = Broker::new([]);
    let (captured, header, records) = record(&mut broker);
    assert_eq!((captured.end, captured.gaps, broker.connections), (End::Duration, 0, 1));
    assert_eq!((header.server.kind.as_str(), header.views.len()), ("Broker", 2));
    let polls = polls(&records);
    assert_eq!(polls.len() as u64, captured.polls);
    assert!(polls[0].views["queues"].full && polls[0].views["queues"].rows.len() == 2);
    // Only the queue that has delivered since.
    assert_eq!(polls[1].views["queues"].rows, [[RecordedCell::Int(2), RecordedCell::Text("a".to_owned())]]);
}

#[test]
fn a_lost_connection_is_a_gap_and_all_rows_behind_it() {
    let mut broker = Broker::new([Step::Answer, Step::Lose, Step::Answer]);
    let (captured, _, records) = record(&mut broker);
    assert_eq!((captured.end, captured.gaps, broker.connections), (End::Duration, 1, 2));
    assert!(matches!(&records[1].body, Body::Gap { gap } if gap == "cut"));
    assert!(polls(&records)[1].views["queues"].full);
}

#[test]
fn a_view_that_is_too_large_is_left_out_with_the_reason() {
    let mut broker = Broker::new([Step::LoseTooLarge]);
    let (_, _, records) = record(&mut broker);
    let polls = polls(&records);
    assert_eq!(polls[0].failed["alarms"], "cut");
    assert!(polls.iter().all(|poll| !poll.views.contains_key("alarms")));
}

#[test]
fn another_version_that_answers_ends_the_capture() {
    let mut broker = Broker::new([Step::Answer, Step::ComeBackAs(5)]);
    let (captured, _, _) = record(&mut broker);
    let expected =
        "another version answers: Broker 5, extensions {}, not Broker 4, extensions {}; begin a new recording";
    let End::Gone(reason @ GoneReason::OtherVersion { .. }) = captured.end else { panic!("{:?}", captured.end) };
    assert_eq!(reason.to_string(), expected);
}
