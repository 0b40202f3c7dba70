//! Small traces, worked out by hand.

mod constructions;
mod times;
mod values;

use std::fs;
use std::path::Path;

use super::*;
use crate::residual::Math;

/// Converts `text`, and gives the stream as lines `t class value channel`.
fn samples(options: &Options, text: &str) -> Vec<String> {
    let conversion = converted(options, text).unwrap();
    let stream = &conversion.stream;
    stream
        .samples()
        .map(|sample| {
            let (class, channel) = (sample.class.code(), sample.channel.unwrap());
            format!("{} {class} {:.4} {channel}", sample.t, sample.value)
        })
        .collect()
}

fn converted(options: &Options, text: &str) -> Result<Conversion, String> {
    convert_reader(text.as_bytes(), "./x.csv", options).map_err(|error| error.to_string())
}

fn error(options: &Options, text: &str) -> String {
    converted(options, text).err().unwrap()
}

/// Generic data, whose residuals are easy to follow by hand.
fn plain() -> Options {
    Options { construction: Construction::Own("plain"), ..Options::new(Dataset::Generic) }
}

fn own(dataset: Dataset) -> Options {
    Options::new(dataset)
}

fn reference(dataset: Dataset) -> Options {
    Options { construction: Construction::Reference, ..Options::new(dataset) }
}

fn lenient(options: Options) -> Options {
    Options { lenient: true, ..options }
}

/// One execution of a query has nothing to be compared with.
fn even_empty(options: Options) -> Options {
    Options { allow_empty: true, ..options }
}

const SNOWSET: &str = "queryId,warehouseId,createdTime,execTime,persistentReadBytesCache,persistentReadBytesS3\n";

const SQLSHARE: &str = "user_id,runtime_seconds,submitted_at,query_text\n";

const CEB: &str = "query_id,subplan_id,true_rows,est_rows\n";

const JOB: &str = "query_id,iteration,est_rows,actual_rows,latency_ms,plan_hash\n";

const TPCDS: &str = "query_id,t_seconds,latency_ms,est_rows,actual_rows,wait_event,wait_seconds,cache_hit_ratio\n";

const PGSS: &str = "snapshot_t,query_id,calls,total_exec_time_ms\n";
