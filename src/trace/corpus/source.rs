use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::Path;
use std::time::UNIX_EPOCH;

use serde::{Deserialize, Serialize};
use ureq::http::{HeaderMap, Response, StatusCode};

use super::FetchOptions;
use crate::diagnostics::Place;
use crate::store::StoreError;
use crate::trace::TraceError;

/// Bytes of a block.
const BLOCK: usize = 1 << 18;

/// Where a corpus is fetched from.
pub(super) struct CorpusSource {
    whole: String,
    /// It without user, password and query, which are nobody's business: for messages and files.
    pub(super) shown: String,
    is_url: bool,
}

/// What is known of a file before all of it is there.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Known {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    etag: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    last_modified: Option<String>,
    /// Bytes of the whole.
    #[serde(default, skip_serializing_if = "Option::is_none", rename = "bytes")]
    pub(super) total: Option<u64>,
}

impl Known {
    /// What `If-Range` takes: a strong entity tag, or else the date.
    pub(super) fn validator(&self) -> Option<&str> {
        let strong = self.etag.as_deref().filter(|tag| !tag.starts_with("W/"));
        strong.or(self.last_modified.as_deref())
    }

    /// Whether something that both say is not the same.
    pub(super) fn differs(&self, other: &Self) -> bool {
        fn differ<T: PartialEq>(a: Option<&T>, b: Option<&T>) -> bool {
            a.zip(b).is_some_and(|(a, b)| a != b)
        }
        differ(self.etag.as_ref(), other.etag.as_ref())
            || differ(self.last_modified.as_ref(), other.last_modified.as_ref())
            || differ(self.total.as_ref(), other.total.as_ref())
    }

    fn from_headers(headers: &HeaderMap, total: Option<u64>) -> Self {
        let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
        Self { etag: text("ETag"), last_modified: text("Last-Modified"), total }
    }
}

/// What a source gives.
pub(super) struct Answer {
    /// The byte that it begins with.
    pub(super) start: u64,
    pub(super) known: Known,
    body: Box<dyn Read>,
}

impl CorpusSource {
    pub(super) fn parse(from: &str) -> Result<Self, TraceError> {
        let Some((scheme, rest)) = from.split_once("://") else {
            return Ok(Self { whole: from.to_owned(), shown: from.to_owned(), is_url: false });
        };
        let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
        let (authority, path) = rest.split_at(end);
        let host = authority.rsplit('@').next().unwrap_or_default();
        let path = path.split(['?', '#']).next().unwrap_or_default();
        let source = Self { whole: from.to_owned(), shown: format!("{scheme}://{host}{path}"), is_url: true };
        if !scheme.eq_ignore_ascii_case("http") && !scheme.eq_ignore_ascii_case("https") {
            return Err(source.problem("only http, https and paths can be fetched from"));
        }
        Ok(source)
    }

    /// The URL or path with everything that is in it; not for messages.
    pub(super) fn whole(&self) -> &str {
        &self.whole
    }

    pub(super) fn problem(&self, problem: &str) -> TraceError {
        // Errors of other crates may repeat what they were given.
        let problem = problem.replace(&self.whole, &self.shown);
        TraceError::Malformed { place: Place::file(&self.shown), problem }
    }

    fn unreachable(&self, problem: &dyn std::fmt::Display) -> TraceError {
        self.problem(&format!("cannot be fetched ({problem}); run the same command again to go on where it stopped"))
    }

    /// Opens the file behind the bytes that are there, or from its beginning where that cannot be.
    pub(super) fn open(&self, resume: Option<(u64, &Known)>, options: &FetchOptions) -> Result<Answer, TraceError> {
        if !self.is_url {
            return self.open_path(resume);
        }
        if let Some((done, known)) = resume {
            let response = self.request(Some((done, known)), options)?;
            let total = total_of_range(response.headers(), done);
            let found = Known::from_headers(response.headers(), total.flatten());
            if response.status() == StatusCode::PARTIAL_CONTENT && total.is_some() && !known.differs(&found) {
                // A part of the headers may be left out with a range.
                let known = Known {
                    etag: found.etag.or_else(|| known.etag.clone()),
                    last_modified: found.last_modified.or_else(|| known.last_modified.clone()),
                    total: found.total.or(known.total),
                };
                return Ok(Answer { start: done, known, body: Box::new(response.into_body().into_reader()) });
            }
            if response.status() == StatusCode::OK {
                return Ok(whole(response));
            }
            // Another range than was asked for, or of another file, or none: from the beginning.
        }
        let response = self.request(None, options)?;
        match response.status() {
            StatusCode::PARTIAL_CONTENT => Err(self.unreachable(&"the server gives a range that nobody has asked for")),
            status if status.is_success() => Ok(whole(response)),
            status => Err(self.unreachable(&format!("http status: {}", status.as_u16()))),
        }
    }

    fn open_path(&self, resume: Option<(u64, &Known)>) -> Result<Answer, TraceError> {
        let path = Path::new(&self.whole);
        let found = std::fs::metadata(path).map_err(StoreError::read(path))?;
        if found.is_dir() {
            return Err(StoreError::read(path)(io::ErrorKind::IsADirectory.into()).into());
        }
        // A device or a pipe has no length that could be checked.
        if !found.is_file() {
            return Err(self.problem("it is not a regular file; copy it to one first"));
        }
        let mut file = File::open(path).map_err(StoreError::read(path))?;
        let modified = found.modified().ok().and_then(|at| at.duration_since(UNIX_EPOCH).ok());
        let known = Known {
            etag: None,
            last_modified: modified.map(|at| format!("{}.{:09}", at.as_secs(), at.subsec_nanos())),
            total: Some(found.len()),
        };
        let start = match resume {
            Some((done, before)) if !before.differs(&known) && done <= found.len() => done,
            _ => 0,
        };
        file.seek(SeekFrom::Start(start)).map_err(StoreError::read(path))?;
        Ok(Answer { start, known, body: Box::new(file) })
    }

    /// Asks a server.
    fn request(
        &self,
        resume: Option<(u64, &Known)>,
        options: &FetchOptions,
    ) -> Result<Response<ureq::Body>, TraceError> {
        let config = ureq::Agent::config_builder()
            .timeout_resolve(Some(options.connect))
            .timeout_connect(Some(options.connect))
            .timeout_send_request(Some(options.silence))
            .timeout_recv_response(Some(options.silence))
            .timeout_per_read(Some(options.silence))
            .http_status_as_error(false)
            .build();
        let mut request = ureq::Agent::new_with_config(config).get(&self.whole);
        if let Some((done, known)) = resume {
            request = request.header("Range", format!("bytes={done}-"));
            if let Some(validator) = known.validator() {
                request = request.header("If-Range", validator);
            }
        }
        request.call().map_err(|error| self.unreachable(&error))
    }

    /// Reads the next block of an answer; empty at its end.
    pub(super) fn next(&self, answer: &mut Answer) -> Result<Vec<u8>, TraceError> {
        let mut block = vec![0; BLOCK];
        let count = answer.body.read(&mut block).map_err(|error| self.unreachable(&error))?;
        block.truncate(count);
        Ok(block)
    }
}

fn whole(response: Response<ureq::Body>) -> Answer {
    let headers = response.headers();
    let length = headers.get("Content-Length").and_then(|value| value.to_str().ok()?.parse::<u64>().ok());
    let known = Known::from_headers(headers, length);
    Answer { start: 0, known, body: Box::new(response.into_body().into_reader()) }
}

/// The length of the whole that a `Content-Range` names, if that begins at `start` and ends with the file; `None` if it does
/// not, and `Some(None)` if it leaves the length open.
fn total_of_range(headers: &HeaderMap, start: u64) -> Option<Option<u64>> {
    let text = headers.get("Content-Range")?.to_str().ok()?;
    let (range, total) = text.strip_prefix("bytes")?.trim_start().split_once('/')?;
    let (first, last) = range.split_once('-')?;
    let (first, last): (u64, u64) = (first.trim().parse().ok()?, last.trim().parse().ok()?);
    let total = match total.trim() {
        "*" => None,
        total => Some(total.parse::<u64>().ok()?),
    };
    (first == start && last >= first && total.is_none_or(|total| last.checked_add(1) == Some(total))).then_some(total)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_shown_has_no_secrets() {
        for (whole, shown) in [
            ("http://user:pass@h:1/x.csv?token=t#f", "http://h:1/x.csv"),
            ("https://a@b@h/x", "https://h/x"),
            ("http://h?token=t", "http://h"),
            ("http://h/a@b/x", "http://h/a@b/x"),
            ("dir/x.csv?y", "dir/x.csv?y"),
        ] {
            assert_eq!(CorpusSource::parse(whole).unwrap().shown, shown);
        }
        for bad in ["file:///etc/passwd", "ftp://u:p@h/x"] {
            let error = CorpusSource::parse(bad).err().unwrap().to_string();
            assert!(error.contains("only http") && !error.contains("u:p"), "{error}");
        }
    }

    #[test]
    fn a_content_range_has_to_be_the_one_that_was_asked_for() {
        for (text, total) in [
            ("bytes 5-9/10", Some(Some(10))),
            ("bytes 5-9/*", Some(None)),
            ("bytes 0-9/10", None),
            ("bytes 5-8/10", None),
            ("bytes 5-9/9", None),
            ("bytes 9-5/6", None),
            ("bytes 5-18446744073709551615/0", None),
            ("bytes */10", None),
            ("5-9/10", None),
            ("", None),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert("Content-Range", text.parse().unwrap());
            assert_eq!(total_of_range(&headers, 5), total, "{text}");
        }
        assert_eq!(total_of_range(&HeaderMap::new(), 5), None);
    }

    #[test]
    fn what_both_say_has_to_be_the_same() {
        let known = |etag: Option<&str>, date: Option<&str>, total| Known {
            etag: etag.map(str::to_owned),
            last_modified: date.map(str::to_owned),
            total,
        };
        let before = known(Some("\"a\""), Some("Mon"), Some(10));
        assert!(!before.differs(&known(None, None, None)) && !before.differs(&before));
        for other in [known(Some("\"b\""), None, None), known(None, Some("Tue"), None), known(None, None, Some(11))] {
            assert!(before.differs(&other), "{other:?}");
        }
        assert_eq!(before.validator(), Some("\"a\""));
        assert_eq!(known(Some("W/\"a\""), Some("Mon"), None).validator(), Some("Mon"));
        assert_eq!(known(Some("W/\"a\""), None, None).validator(), None);
    }
}
