//! What stands between the server and the client library: a bound on the bytes of an answer, and on how a password may be asked
//! for.
//!
//! The library keeps whatever it is sent until an answer is complete, makes room for as many bytes as the head of a message
//! promises, and answers whatever request for a password it gets. A [`Guarded`] stream looks at the messages first.

use std::io;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio_postgres::tls::{ChannelBinding, TlsStream};

use super::require_auth::{Method, RequireAuth};
use crate::capture::UnsafeAnswer;

/// What is allowed on a connection, and what has come so far.
#[derive(Debug)]
pub(super) struct Guard {
    /// Bytes that one answer may have.
    max_answer: u64,
    /// Bytes since the query began.
    received: AtomicU64,
    auth: RequireAuth,
    /// Whether the server has asked who this is.
    asked: AtomicBool,
    /// Whether the server has proved who it is, or is reached by a socket of this machine.
    trusted: bool,
    /// Why the stream was ended.
    verdict: Mutex<Option<UnsafeAnswer>>,
}

impl Guard {
    pub(super) fn new(max_answer: u64, auth: RequireAuth, trusted: bool) -> Arc<Self> {
        Arc::new(Self {
            max_answer,
            received: AtomicU64::new(0),
            auth,
            asked: AtomicBool::new(false),
            trusted,
            verdict: Mutex::new(None),
        })
    }

    /// A query begins: its answer is counted from here.
    pub(super) fn begin(&self) {
        self.received.store(0, Ordering::Relaxed);
    }

    /// Why the stream was ended, if the guard did it.
    pub(super) fn refusal(&self) -> Option<UnsafeAnswer> {
        self.verdict.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn count(&self, bytes: u64) -> Result<(), UnsafeAnswer> {
        let received = self.received.fetch_add(bytes, Ordering::Relaxed) + bytes;
        if received > self.max_answer { Err(self.too_large("an answer")) } else { Ok(()) }
    }

    fn too_large(&self, what: &'static str) -> UnsafeAnswer {
        UnsafeAnswer::TooLarge { what, most: self.max_answer }
    }

    fn check_request(&self, code: i32) -> Result<(), UnsafeAnswer> {
        let Some(method) = Method::of_code(code) else {
            let let_in = code == 0 && !self.asked.load(Ordering::Relaxed);
            return if let_in && !self.auth.allows_none() { Err(UnsafeAnswer::NothingAsked) } else { Ok(()) };
        };
        self.asked.store(true, Ordering::Relaxed);
        if let Err(allowed) = self.auth.allows(method) {
            return Err(UnsafeAnswer::Method { method: method.to_string(), allowed: allowed.to_owned() });
        }
        if method.shows_password() && !self.trusted && !self.auth.names(method) {
            return Err(UnsafeAnswer::PasswordShown { method: method.to_string() });
        }
        Ok(())
    }

    fn refuse(&self, refusal: UnsafeAnswer) -> io::Error {
        let error = io::Error::new(io::ErrorKind::InvalidData, refusal.to_string());
        *self.verdict.lock().unwrap_or_else(PoisonError::into_inner) = Some(refusal);
        error
    }
}

/// A stream of messages of the server that a [`Guard`] looks at.
pub(super) struct Guarded<S> {
    inner: S,
    guard: Arc<Guard>,
    frames: Frames,
}

impl<S> Guarded<S> {
    pub(super) fn new(inner: S, guard: Arc<Guard>) -> Self {
        Self { inner, guard, frames: Frames::default() }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Guarded<S> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        ready!(Pin::new(&mut self.inner).poll_read(cx, buffer))?;
        let Self { guard, frames, .. } = &mut *self;
        let new = &buffer.filled()[before..];
        let checked = guard.count(new.len() as u64).and_then(|()| frames.take(new, guard));
        Poll::Ready(checked.map_err(|refusal| guard.refuse(refusal)))
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Guarded<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.inner).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_shutdown(cx)
    }
}

impl<S: TlsStream + Unpin> TlsStream for Guarded<S> {
    fn channel_binding(&self) -> ChannelBinding {
        self.inner.channel_binding()
    }
}

/// Bytes of the head of a message: its kind and its length, which counts itself.
const HEAD: usize = 5;

/// Follows the borders of messages through a stream.
#[derive(Debug, Default)]
struct Frames {
    /// The head of the message, and of a request for authentication its code.
    head: Vec<u8>,
    /// Bytes of the body that are still to come.
    body: u64,
}

impl Frames {
    fn take(&mut self, mut bytes: &[u8], guard: &Guard) -> Result<(), UnsafeAnswer> {
        while !bytes.is_empty() {
            if self.body > 0 && !self.wants_code() {
                let skipped = bytes.len().min(usize::try_from(self.body).unwrap_or(usize::MAX));
                self.body -= skipped as u64;
                bytes = &bytes[skipped..];
                if self.body == 0 {
                    self.head.clear();
                }
                continue;
            }
            self.head.push(bytes[0]);
            bytes = &bytes[1..];
            match self.head.len() {
                HEAD => {
                    let length = i32::from_be_bytes([self.head[1], self.head[2], self.head[3], self.head[4]]);
                    // What is shorter than its own head is for the client library to refuse.
                    self.body = u64::try_from(length).unwrap_or_default().saturating_sub(4);
                    if self.body > guard.max_answer {
                        return Err(guard.too_large("a message"));
                    }
                    if self.body == 0 {
                        self.head.clear();
                    }
                }
                length if length > HEAD => {
                    self.body -= 1;
                    if length == HEAD + 4 {
                        guard.check_request(i32::from_be_bytes([
                            self.head[5],
                            self.head[6],
                            self.head[7],
                            self.head[8],
                        ]))?;
                    }
                    if self.body == 0 {
                        self.head.clear();
                    }
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// Whether the next byte belongs to the code of a request for authentication.
    fn wants_code(&self) -> bool {
        self.head.first() == Some(&b'R') && (HEAD..HEAD + 4).contains(&self.head.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(kind: u8, body: &[u8]) -> Vec<u8> {
        let length = i32::try_from(body.len() + 4).unwrap();
        [&[kind], length.to_be_bytes().as_slice(), body].concat()
    }

    fn request(code: i32) -> Vec<u8> {
        message(b'R', &code.to_be_bytes())
    }

    /// What comes of a stream that arrives in pieces of `step` bytes.
    fn read(bytes: &[u8], step: usize, guard: &Guard) -> Result<(), UnsafeAnswer> {
        let mut frames = Frames::default();
        bytes
            .chunks(step)
            .try_for_each(|piece| guard.count(piece.len() as u64).and_then(|()| frames.take(piece, guard)))
    }

    fn guard(auth: &str, trusted: bool) -> Arc<Guard> {
        Guard::new(1000, auth.parse().unwrap(), trusted)
    }

    #[test]
    fn an_unverified_server_does_not_get_a_password_that_it_can_use() {
        for step in [1, 2, 3, 5, 7, 1000] {
            for (auth, trusted, code, taken) in [
                ("", false, 3, false),
                ("", false, 5, false),
                ("", false, 10, true),
                ("", true, 3, true),
                ("", true, 5, true),
                ("password", false, 3, true),
                ("password", false, 5, false),
                ("md5,scram-sha-256", false, 5, true),
                ("!password", true, 3, false),
                ("!password", true, 5, true),
                ("!none", true, 0, false),
                ("", false, 0, true),
                ("!none", false, 3, false),
                ("scram-sha-256", true, 3, false),
                ("scram-sha-256", true, 10, true),
            ] {
                let stream =
                    [message(b'S', b"a\0b\0"), message(b'Z', b""), request(code), message(b'Z', b"I")].concat();
                assert_eq!(
                    read(&stream, step, &guard(auth, trusted)).is_ok(),
                    taken,
                    "{auth:?} {trusted} {code} {step}"
                );
            }
        }
    }

    #[test]
    fn an_answer_has_a_bound_and_so_has_what_a_message_promises() {
        for step in [1, 3, 1000] {
            assert_eq!(read(&message(b'D', &[0; 900]), step, &guard("", true)), Ok(()));
            assert!(matches!(
                read(&message(b'D', &[0; 996]), step, &guard("", true)),
                Err(UnsafeAnswer::TooLarge { .. })
            ));
            let promise = [b"D".as_slice(), i32::MAX.to_be_bytes().as_slice(), b"x"].concat();
            assert!(matches!(read(&promise, step, &guard("", true)), Err(UnsafeAnswer::TooLarge { .. })));
        }
        let many = guard("", true);
        for _ in 0..50 {
            many.begin();
            assert_eq!(read(&message(b'D', &[0; 900]), 64, &many), Ok(()));
        }
        assert!(read(&message(b'D', &[0; 900]), 64, &many).is_err(), "the same answer goes on");
    }

    #[test]
    fn lengths_that_are_none_are_left_to_the_library() {
        for length in [-5_i32, 0, 3, 4] {
            let stream = [b"D".as_slice(), length.to_be_bytes().as_slice(), &[0; 100]].concat();
            assert_eq!(read(&stream, 1, &guard("", true)), Ok(()), "{length}");
        }
    }
}
