use super::*;
use crate::evaluate::{Generator, Span, Window};
use crate::motif::{Engine, Motif};
use crate::residual::Math;

const MOTIF: Motif = Motif::CacheCollapse;

fn episode(channel: &str, t_start: f64, t_end: f64) -> Span {
    Span { motif: MOTIF, channel: channel.to_owned(), t_start, t_end, t_detected: None }
}

fn window(channel: &str, t_start: f64, t_end: f64) -> Window {
    Window::new(MOTIF, channel, t_start, t_end)
}

/// The score of one run of 1,000 seconds.
fn score(episodes: &[Span], windows: &[Window]) -> Score {
    pool(&[tally(episodes, windows, (0.0, 1000.0))])[MOTIF as usize].clone()
}

#[test]
fn a_perfect_detector_scores_one_and_an_empty_one_nothing() {
    let windows = [window("a", 100.0, 200.0), window("b", 150.0, 250.0)];
    let perfect = score(&[episode("b", 150.0, 250.0), episode("a", 100.0, 200.0)], &windows);
    assert_eq!((perfect.f1.value, perfect.range_f1.value), (Some(1.0), Some(1.0)));
    assert_eq!((perfect.precision(), perfect.recall(), perfect.delay_s.value), (Some(1.0), Some(1.0), Some(0.0)));
    assert_eq!(perfect.false_alarms_per_hour.value, Some(0.0));
    assert_eq!(perfect.tally.quiet_s, 850.0);
    let empty = score(&[], &windows);
    assert_eq!((empty.f1.value, empty.range_f1.value), (Some(0.0), Some(0.0)));
    assert_eq!((empty.precision(), empty.recall(), empty.delay_s.value), (None, Some(0.0), None));
    let nothing = score(&[], &[]);
    assert_eq!(
        (nothing.f1.value, nothing.range_f1.value, nothing.false_alarms_per_hour.value),
        (None, None, Some(0.0))
    );
}

/// What the published scores let pass, each beside what ours say of it.
#[test]
fn ours_fail_where_the_published_ones_cannot() {
    let stream = Generator::Perturbed { scale: 1.0 }.stream(42, Math::Portable);
    let windows = Generator::Perturbed { scale: 1.0 }.windows();
    let cache = windows.iter().find(|window| window.motif == MOTIF).unwrap();
    let span = (0.0, 1799.0);
    let both = |episodes: &[Span], windows: &[Window]| {
        let published = published_scores(&stream, episodes, windows)[MOTIF as usize].f1;
        (published, pool(&[tally(episodes, windows, span)])[MOTIF as usize].clone())
    };
    // One episode without end.
    let (published, ours) = both(&[episode("tpcds", 0.0, 1e9)], &windows);
    assert_eq!(published, 1.0);
    assert!(ours.range_f1.value.unwrap() < 1e-3 && ours.delay_s.value.is_none(), "{ours:?}");
    // A thousand copies.
    let copies = vec![episode("tpcds", cache.t_start, cache.t_end); 1000];
    let (published, ours) = both(&copies, &windows);
    assert_eq!(published, 1.0);
    assert!(ours.f1.value.unwrap() < 0.01 && ours.range_f1.value.unwrap() < 0.01, "{ours:?}");
    // Another channel, whose name contains the right one's.
    let (published, ours) = both(&[episode("tpcds-2", cache.t_start, cache.t_end)], &windows);
    assert_eq!(published, 1.0);
    assert_eq!((ours.f1.value, ours.tally.false_alarms), (Some(0.0), 1));
}

/// Contention has samples only where the fault would be, so that the published score is 1 without one.
#[test]
fn nothing_planted_is_nothing_found() {
    let generator = Generator::Perturbed { scale: 0.0 };
    let stream = generator.stream(42, Math::Portable);
    let episodes = Span::of_episodes(&Engine::default().replay(&stream));
    let contention = Motif::ContentionRamp as usize;
    let published = published_scores(&stream, &episodes, &generator.published_windows().unwrap());
    assert_eq!(published[contention].f1, 1.0);
    let ours = pool(&[tally(&episodes, &generator.windows(), (0.0, 1799.0))])[contention].clone();
    assert_eq!(ours.f1.value, Some(0.0));
    assert!(ours.tally.false_alarms > 0);
}

#[test]
fn pairs_are_as_many_as_there_can_be_and_one_to_one() {
    // A long episode over both windows, and a short one in the first: greedy by overlap would leave the second alone.
    let windows = [window("a", 0.0, 10.0), window("a", 20.0, 30.0)];
    let long_and_short = score(&[episode("a", 0.0, 30.0), episode("a", 1.0, 5.0)], &windows);
    assert_eq!((long_and_short.tally.matched, long_and_short.f1.value), (2, Some(1.0)));
    let one = score(&[episode("a", 0.0, 30.0)], &windows);
    assert_eq!((one.tally.matched, one.recall()), (1, Some(0.5)));
    // Touching is not overlapping; an instant inside is.
    assert_eq!(score(&[episode("a", 10.0, 20.0)], &windows).tally.matched, 0);
    assert_eq!(score(&[episode("a", 20.0, 20.0)], &windows).tally.matched, 1);
    assert_eq!(score(&[episode("a", 30.0, 30.0)], &windows).tally.matched, 0);
}

#[test]
fn range_based_scores_are_those_of_the_paper() {
    let windows = [window("a", 100.0, 200.0)];
    // Half covered by one episode, which is half outside.
    let half = score(&[episode("a", 150.0, 250.0)], &windows).tally;
    assert_eq!((half.range_recall, half.range_precision), (0.5, 0.5));
    // All covered, in two parts: the cardinality factor halves the recall.
    let parts = score(&[episode("a", 100.0, 150.0), episode("a", 150.0, 200.0)], &windows).tally;
    assert_eq!((parts.range_recall, parts.range_precision), (0.5, 2.0));
    // One episode over two windows: half of it is right, and it does not tell them apart.
    let two = [window("a", 0.0, 25.0), window("a", 75.0, 100.0)];
    let over = score(&[episode("a", 0.0, 100.0)], &two).tally;
    assert_eq!((over.range_recall, over.range_precision), (2.0, 0.25));
}

#[test]
fn errors_are_of_the_matched_and_delays_of_those_that_open_inside() {
    let windows = [window("a", 100.0, 200.0), window("b", 100.0, 200.0)];
    let late_and_early = score(&[episode("a", 103.0, 230.0), episode("b", 50.0, 190.0)], &windows).tally;
    // Where nobody says when it was detected, the start is the earliest that it can have been.
    assert_eq!(late_and_early.delays_s, [3.0]);
    let known = Span { t_detected: Some(110.0), ..episode("a", 103.0, 230.0) };
    assert_eq!(score(&[known], &windows).tally.delays_s, [10.0]);
    assert_eq!(late_and_early.start_errors_s, [3.0, 50.0]);
    assert_eq!(late_and_early.end_errors_s, [30.0, 10.0]);
    assert_eq!(late_and_early.duration_errors_s, [27.0, 40.0]);
}

#[test]
fn intervals_hold_the_value_and_close_in_on_it() {
    let good = tally(&[episode("a", 100.0, 200.0)], &[window("a", 100.0, 200.0)], (0.0, 1000.0));
    let bad = tally(&[episode("a", 500.0, 600.0)], &[window("a", 100.0, 200.0)], (0.0, 1000.0));
    let runs = |count: usize| -> Vec<Vec<Tally>> {
        (0..count).map(|run| if run % 4 == 0 { bad.clone() } else { good.clone() }).collect()
    };
    let width = |count: usize| {
        let f1 = pool(&runs(count))[MOTIF as usize].f1;
        let (value, (low, high)) = (f1.value.unwrap(), f1.bounds.unwrap());
        assert!(low <= value && value <= high && (value - 0.75).abs() < 1e-12, "{f1:?}");
        high - low
    };
    assert!(width(8) > width(80) && width(80) > 0.05);
    assert_eq!(pool(&runs(1))[MOTIF as usize].f1.bounds, None);
    assert_eq!(scores_csv(&[("x".to_owned(), pool(&runs(8)))]), scores_csv(&[("x".to_owned(), pool(&runs(8)))]));
}

#[test]
fn the_table_has_as_many_cells_as_columns() {
    let scores = pool(&[tally(&[], &[], (0.0, 10.0)), tally(&[episode("a", 1.0, 2.0)], &[], (0.0, 10.0))]);
    let text = String::from_utf8(scores_csv(&[("never".to_owned(), scores)])).unwrap();
    let columns: Vec<usize> = text.lines().map(|line| line.split(',').count()).collect();
    assert_eq!(columns, [27; 7]);
    assert!(
        text.ends_with('\n') && text.contains("\nnever,all,2,0,1,0,1,0,0,,0,0,0,0,,0,0,0,,,,,,,180,0,360\n"),
        "{text}"
    );
}
