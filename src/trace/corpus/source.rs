use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::Path;
use std::time::UNIX_EPOCH;

use serde::{Deserialize, Serialize};
use ureq::http::{HeaderMap, Response, StatusCode, Uri};

use super::FetchOptions;
use crate::diagnostics::Place;
use crate::store::StoreError;
use crate::trace::TraceError;
use crate::trace::problem::{FetchProblem, UrlProblem};

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
pub(super) struct KnownFile {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    etag: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    last_modified: Option<String>,
    /// Bytes of the whole.
    #[serde(default, skip_serializing_if = "Option::is_none", rename = "bytes")]
    pub(super) total: Option<u64>,
}

impl KnownFile {
    /// What `If-Range` takes: a strong entity tag, or else the date.
    pub(super) fn validator(&self) -> Option<&str> {
        self.strong_tag().or(self.last_modified.as_deref())
    }

    /// Whether `other` repeats the validator, and says nothing else that differs. Only then is a range of `other` one of
    /// the same file: a server that leaves the validator out may give anything.
    pub(super) fn is_repeated_by(&self, other: &Self) -> bool {
        let is_repeated = match self.strong_tag() {
            Some(tag) => other.etag.as_deref() == Some(tag),
            None => self.last_modified.is_some() && self.last_modified == other.last_modified,
        };
        is_repeated && !self.differs(other)
    }

    fn strong_tag(&self) -> Option<&str> {
        self.etag.as_deref().filter(|tag| !tag.starts_with("W/"))
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
pub(super) struct SourceAnswer {
    /// The byte that it begins with.
    pub(super) start: u64,
    pub(super) known: KnownFile,
    body: Box<dyn Read>,
}

impl CorpusSource {
    /// What `--from` names.
    ///
    /// # Errors
    /// When it is a URL that cannot be read, or nothing at all and may be one. No message then repeats it: what is misread
    /// may be a password.
    pub(super) fn parse(from: &str) -> Result<Self, TraceError> {
        let unread = |problem| TraceError::Fetch { place: Place::file("--from"), problem: Box::new(problem) };
        let is_web = ["http:", "https:"].into_iter().any(|scheme| starts_without_case(from, scheme));
        if !is_web && from.contains("://") {
            return Err(unread(FetchProblem::Scheme));
        }
        if !is_web {
            if from.contains(['@', '?', '#']) && std::fs::symlink_metadata(from).is_err() {
                return Err(unread(FetchProblem::NoSuchFile));
            }
            return Ok(Self { whole: from.to_owned(), shown: from.to_owned(), is_url: false });
        }
        let shown = shown_url(from).map_err(|problem| unread(problem.into()))?;
        Ok(Self { whole: from.to_owned(), shown, is_url: true })
    }

    /// The URL or path with everything that is in it; not for messages.
    pub(super) fn whole(&self) -> &str {
        &self.whole
    }

    pub(super) fn problem(&self, problem: FetchProblem) -> TraceError {
        TraceError::Fetch { place: Place::file(&self.shown), problem: Box::new(problem) }
    }

    fn unreachable(&self, problem: impl Into<String>) -> TraceError {
        self.problem(FetchProblem::Unreachable(problem.into()))
    }

    /// Opens the file behind the bytes that are there, or from its beginning where that cannot be.
    pub(super) fn open(
        &self,
        resume: Option<(u64, &KnownFile)>,
        options: &FetchOptions,
    ) -> Result<SourceAnswer, TraceError> {
        if !self.is_url {
            return self.open_path(resume, options);
        }
        if let Some((done, known)) = resume {
            let response = self.request(Some((done, known)), options)?;
            let total = total_of_range(response.headers(), done);
            let found = KnownFile::from_headers(response.headers(), total.flatten());
            let is_range = response.status() == StatusCode::PARTIAL_CONTENT && total.is_some();
            let is_proven = known.is_repeated_by(&found);
            // Without a proof the digest of the whole has to tell, and nothing vouches for the whole until then.
            if is_range && (is_proven || options.sha256.is_some() && !known.differs(&found)) {
                let total = found.total.or(known.total);
                let known = if is_proven {
                    KnownFile { total, ..known.clone() }
                } else {
                    KnownFile { total, ..KnownFile::default() }
                };
                return Ok(SourceAnswer { start: done, known, body: Box::new(response.into_body().into_reader()) });
            }
            if response.status() == StatusCode::OK {
                return Ok(whole(response));
            }
            // Another range than was asked for, or of another file, or none: from the beginning.
        }
        let response = self.request(None, options)?;
        match response.status() {
            StatusCode::PARTIAL_CONTENT => Err(self.unreachable("the server gives a range that nobody has asked for")),
            status if status.is_success() => Ok(whole(response)),
            status => Err(self.unreachable(format!("http status: {}", status.as_u16()))),
        }
    }

    fn open_path(&self, resume: Option<(u64, &KnownFile)>, options: &FetchOptions) -> Result<SourceAnswer, TraceError> {
        let path = Path::new(&self.whole);
        let found = std::fs::metadata(path).map_err(StoreError::read(path))?;
        if found.is_dir() {
            return Err(StoreError::read(path)(io::ErrorKind::IsADirectory.into()).into());
        }
        // A device or a pipe has no length that could be checked.
        if !found.is_file() {
            return Err(self.problem(FetchProblem::NotRegular));
        }
        let mut file = File::open(path).map_err(StoreError::read(path))?;
        let modified = found.modified().ok().and_then(|at| at.duration_since(UNIX_EPOCH).ok());
        let known = KnownFile {
            etag: None,
            last_modified: modified.map(|at| format!("{}.{:09}", at.as_secs(), at.subsec_nanos())),
            total: Some(found.len()),
        };
        let start = match resume {
            Some((done, before))
                if done <= found.len()
                    && (before.is_repeated_by(&known) || options.sha256.is_some() && !before.differs(&known)) =>
            {
                done
            }
            _ => 0,
        };
        file.seek(SeekFrom::Start(start)).map_err(StoreError::read(path))?;
        Ok(SourceAnswer { start, known, body: Box::new(file) })
    }

    /// Asks a server.
    fn request(
        &self,
        resume: Option<(u64, &KnownFile)>,
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
        request.call().map_err(|error| self.unreachable(without_urls(&error)))
    }

    /// Reads the next block of an answer; empty at its end.
    pub(super) fn next(&self, answer: &mut SourceAnswer) -> Result<Vec<u8>, TraceError> {
        let mut block = vec![0; BLOCK];
        let count = answer.body.read(&mut block).map_err(|error| self.unreachable(io_without_urls(&error)))?;
        block.truncate(count);
        Ok(block)
    }
}

fn starts_without_case(text: &str, start: &str) -> bool {
    text.get(..start.len()).is_some_and(|found| found.eq_ignore_ascii_case(start))
}

/// A URL without user, password, query and fragment; or what is wrong with it, without any part of it.
fn shown_url(url: &str) -> Result<String, UrlProblem> {
    let (scheme, rest) = url.split_once("://").ok_or(UrlProblem::NoSlashes)?;
    let uri: Uri = url.parse().map_err(|_| UrlProblem::Letters)?;
    let (Some(_), Some(authority)) = (uri.scheme(), uri.authority()) else {
        return Err(UrlProblem::NoAuthority);
    };
    let host = authority.as_str().rsplit('@').next().unwrap_or_default();
    let behind_name = host.rsplit(']').next().unwrap_or_default();
    if behind_name.contains(':') && authority.port_u16().is_none() {
        return Err(UrlProblem::Port);
    }
    if uri.host().is_none_or(str::is_empty) {
        return Err(UrlProblem::NoHost);
    }
    // The host may be the beginning of a user and a password, what is behind it their end.
    let behind = &rest[authority.as_str().len().min(rest.len())..];
    if let Some(at) = behind.rfind('@')
        && rest[..rest.len() - behind.len() + at].contains(':')
    {
        return Err(UrlProblem::At);
    }
    // `;key=value`, and `&key=value` where a `?` is missing, are parameters as well.
    let path = uri.path();
    let end = path.find([';', '&']).filter(|at| path[*at..].contains('=')).unwrap_or(path.len());
    let path = if behind.starts_with('/') { &path[..end] } else { "" };
    Ok(format!("{scheme}://{host}{path}"))
}

/// What a failed request says. The texts of ureq may have URLs in them, that of a redirect included; none is repeated.
fn without_urls(error: &ureq::Error) -> String {
    use ureq::Error;
    match error {
        Error::Io(error) => io_without_urls(error),
        Error::Timeout(timeout) => format!("timeout: {timeout}"),
        Error::HostNotFound => "the host is not found".to_owned(),
        Error::ConnectionFailed => "the connection failed".to_owned(),
        Error::TooManyRedirects => "too many redirects".to_owned(),
        Error::Rustls(error) => format!("TLS: {error}"),
        Error::Tls(problem) => format!("TLS: {problem}"),
        Error::LargeResponseHeader(..) => "the headers of the answer are too large".to_owned(),
        Error::InvalidProxyUrl | Error::ConnectProxyFailed(_) => {
            "the proxy that the environment names cannot be used".to_owned()
        }
        Error::BadUri(_) | Error::Http(_) | Error::RedirectFailed => {
            "the server leads to an address that cannot be fetched from".to_owned()
        }
        _ => "the answer, or where it leads, is not HTTP as it should be".to_owned(),
    }
}

/// The same of an error of reading, behind which may be one of ureq.
fn io_without_urls(error: &io::Error) -> String {
    let inner = error.get_ref();
    if let Some(error) = inner.and_then(|inner| inner.downcast_ref::<ureq::Error>()) {
        return without_urls(error);
    }
    error.to_string()
}

fn whole(response: Response<ureq::Body>) -> SourceAnswer {
    let headers = response.headers();
    let length = headers.get("Content-Length").and_then(|value| value.to_str().ok()?.parse::<u64>().ok());
    let known = KnownFile::from_headers(headers, length);
    SourceAnswer { start: 0, known, body: Box::new(response.into_body().into_reader()) }
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
            ("HTTP://u:p%2F@h:1/x;v=1", "HTTP://h:1/x"),
            ("http://h/x.csv&token=t", "http://h/x.csv"),
            ("http://u:p@[::1]:7/x", "http://[::1]:7/x"),
            ("dir/x.csv", "dir/x.csv"),
        ] {
            assert_eq!(CorpusSource::parse(whole).unwrap().shown, shown);
        }
    }

    #[test]
    fn what_cannot_be_read_is_not_repeated() {
        for (bad, says) in [
            ("file:///hunter2", "only http"),
            ("ftp://user:hunter2@h/x", "only http"),
            (" http://user:hunter2@h/x", "only http"),
            ("http://user:hunter2/x@h:1/x.csv", "the port is not a number"),
            ("http://user:12/hunter2@h:1/x.csv", "a `@` where none is expected"),
            ("http://user/a:hunter2@h:1/x.csv", "a `@` where none is expected"),
            ("http://user:hunter2#@h/x.csv", "the port is not a number"),
            ("http://user:hunter2?@h/x.csv", "the port is not a number"),
            ("http://user:1#hunter2@h/x.csv", "a `@` where none is expected"),
            ("http://h:hunter2/x.csv", "the port is not a number"),
            ("http://h:99999/hunter2", "the port is not a number"),
            ("http://user:hunter2 @h/x.csv", "is not a URL"),
            ("http://user:hunter2\u{e9}@h/x.csv", "is not a URL"),
            ("http:/user:hunter2@h/x.csv", "`//` behind its scheme"),
            ("http:user:hunter2@h/x.csv", "`//` behind its scheme"),
            ("HTTPS:user:hunter2@h/x.csv", "`//` behind its scheme"),
            ("http:\\\\user:hunter2@h\\x.csv", "`//` behind its scheme"),
            ("http:///hunter2", "is not a URL"),
            ("http://h/x.csv http://user:hunter2@h/y.csv", "is not a URL"),
            ("http://h/x.csv,http://user:hunter2@h/y.csv", "a `@` where none is expected"),
            ("http://h/x.csv;http://user:hunter2@h/y.csv", "a `@` where none is expected"),
            ("user:hunter2@h/x.csv", "no such file"),
            ("//user:hunter2@h/x.csv", "no such file"),
            ("h/x.csv?token=hunter2", "no such file"),
        ] {
            let error = CorpusSource::parse(bad).err().unwrap_or_else(|| panic!("{bad} is taken")).to_string();
            assert!(error.contains(says) && !error.contains("hunter2") && !error.contains("user"), "{bad}: {error}");
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
        let known = |etag: Option<&str>, date: Option<&str>, total| KnownFile {
            etag: etag.map(str::to_owned),
            last_modified: date.map(str::to_owned),
            total,
        };
        let before = known(Some("\"a\""), Some("Mon"), Some(10));
        assert!(before.is_repeated_by(&before) && before.is_repeated_by(&known(Some("\"a\""), None, None)));
        for other in [known(None, None, None), known(None, Some("Mon"), Some(10)), known(Some("W/\"a\""), None, None)] {
            assert!(!before.is_repeated_by(&other), "{other:?}");
        }
        let dated = known(Some("W/\"a\""), Some("Mon"), None);
        assert!(
            dated.is_repeated_by(&known(None, Some("Mon"), None)) && !dated.is_repeated_by(&known(None, None, None))
        );
        assert!(!known(None, None, Some(10)).is_repeated_by(&known(None, None, Some(10))));
        assert!(!before.differs(&known(None, None, None)) && !before.differs(&before));
        for other in [known(Some("\"b\""), None, None), known(None, Some("Tue"), None), known(None, None, Some(11))] {
            assert!(before.differs(&other), "{other:?}");
        }
        assert_eq!(before.validator(), Some("\"a\""));
        assert_eq!(known(Some("W/\"a\""), Some("Mon"), None).validator(), Some("Mon"));
        assert_eq!(known(Some("W/\"a\""), None, None).validator(), None);
    }
}
