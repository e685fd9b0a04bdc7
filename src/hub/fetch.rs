//! Files of a commit: as a stream from some byte on, or a part of one at once.

use std::io::{self, Read};
use std::ops::Range;
use std::sync::{Mutex, MutexGuard, PoisonError};

use ureq::BodyReader;
use ureq::http::Response;
use ureq::http::header::{CONTENT_LENGTH, CONTENT_RANGE};

use super::address::{Address, encoded};
use super::patience::Tries;
use super::request::{Answer, Subject, bytes};
use super::{Commit, FilePath, Hub, HubError, ModelId};

/// A file's bytes as they come. It ends with an error where the connection breaks.
pub struct Stream {
    /// The byte it begins with: what was asked for, or 0 where the host gives whole files only.
    pub from: u64,
    /// The size of the whole file, where the host tells it.
    pub total: Option<u64>,
    /// Whether it is the part that was asked for; else it goes on to the file's end.
    pub is_part: bool,
    host: String,
    reader: BodyReader<'static>,
}

impl Stream {
    /// What is wrong when it ended too early or failed.
    pub fn broken(&self) -> HubError {
        HubError::Broken {
            host: self.host.clone(),
        }
    }
}

impl Read for Stream {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.reader.read(buffer)
    }
}

/// A file of a commit that is asked for several times: where the hub redirects to is remembered.
#[derive(Debug)]
pub struct Source<'a> {
    model: &'a ModelId,
    commit: &'a Commit,
    path: &'a FilePath,
    found: Mutex<Option<Address>>,
}

impl<'a> Source<'a> {
    /// A file of a commit.
    pub fn new(model: &'a ModelId, commit: &'a Commit, path: &'a FilePath) -> Source<'a> {
        Source {
            model,
            commit,
            path,
            found: Mutex::new(None),
        }
    }

    fn found(&self) -> MutexGuard<'_, Option<Address>> {
        self.found.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Hub {
    /// The tries of one undertaking.
    pub(crate) fn tries(&self) -> Tries {
        self.settings.patience.tries()
    }

    /// A file from the byte `from` on. This is one try: who reads on after a failure asks again.
    ///
    /// # Errors
    /// There is no such file, it is not given, or the hub does not answer.
    pub fn open(
        &self,
        model: &ModelId,
        commit: &Commit,
        path: &FilePath,
        from: u64,
    ) -> Result<Stream, HubError> {
        let range = (from > 0).then_some((from, None));
        self.stream(model, commit, path, range)
    }

    /// A part of a file. This is one try.
    ///
    /// # Errors
    /// There is no such file, it is not given, or the hub does not answer.
    pub fn open_range(&self, source: &Source<'_>, range: Range<u64>) -> Result<Stream, HubError> {
        let about = Subject {
            model: source.model,
            revision: source.commit.as_str(),
            path: Some(source.path.as_str()),
        };
        let known = source.found().clone();
        if let Some(address) = known {
            match self.get(&address, Some(bytes(&range)), about) {
                Ok(answer) => return self.streamed(answer),
                // Such an address is good for some time only.
                Err(HubError::Server {
                    status: 400..=499, ..
                }) => *source.found() = None,
                Err(error) => return Err(error),
            }
        }
        let address = self.resolved(source.model, source.commit, source.path)?;
        let answer = self.get(&address, Some(bytes(&range)), about)?;
        if !answer.from.is_same_host(&self.endpoint) {
            *source.found() = Some(answer.from.clone());
        }
        self.streamed(answer)
    }

    /// Some bytes of a file, such as the header of a safetensors file; fewer where it ends before.
    ///
    /// # Errors
    /// There is no such file, it is not given, or the hub does not answer.
    pub fn read_range(
        &self,
        model: &ModelId,
        commit: &Commit,
        path: &FilePath,
        range: Range<u64>,
    ) -> Result<Vec<u8>, HubError> {
        if range.is_empty() {
            return Ok(Vec::new());
        }
        let mut tries = self.settings.patience.tries();
        loop {
            let read = self
                .stream(model, commit, path, Some(bytes(&range)))
                .and_then(|stream| part(stream, &range));
            match read {
                Ok(bytes) => return Ok(bytes),
                Err(error) => tries.wait(error)?,
            }
        }
    }

    /// A small file as a whole, such as `config.json`.
    ///
    /// # Errors
    /// There is no such file, it is larger than `most` bytes, it is not given, or the hub does not answer.
    pub fn read_small(
        &self,
        model: &ModelId,
        commit: &Commit,
        path: &FilePath,
        most: u64,
    ) -> Result<Vec<u8>, HubError> {
        let mut tries = self.settings.patience.tries();
        loop {
            let read = self
                .stream(model, commit, path, None)
                .and_then(|stream| part(stream, &(0..most.saturating_add(1))));
            match read {
                Ok(bytes) if bytes.len() as u64 > most => {
                    let because = format!("`{path}` is larger than it can be");
                    return Err(self.odd(&self.endpoint, because));
                }
                Ok(bytes) => return Ok(bytes),
                Err(error) => tries.wait(error)?,
            }
        }
    }

    fn stream(
        &self,
        model: &ModelId,
        commit: &Commit,
        path: &FilePath,
        range: Option<(u64, Option<u64>)>,
    ) -> Result<Stream, HubError> {
        let address = self.resolved(model, commit, path)?;
        let about = Subject {
            model,
            revision: commit.as_str(),
            path: Some(path.as_str()),
        };
        self.streamed(self.get(&address, range, about)?)
    }

    /// Where the hub has a file, or says where it is.
    fn resolved(
        &self,
        model: &ModelId,
        commit: &Commit,
        path: &FilePath,
    ) -> Result<Address, HubError> {
        let steps: Vec<String> = path.as_str().split('/').map(encoded).collect();
        self.address(&format!("/{model}/resolve/{commit}/{}", steps.join("/")))
    }

    fn streamed(&self, answer: Answer) -> Result<Stream, HubError> {
        let is_part = answer.response.status().as_u16() == 206;
        let (from, total) = match is_part {
            true => content_range(&answer.response)
                .ok_or_else(|| self.odd(&answer.from, "a part that does not say of what"))?,
            false => (0, content_length(&answer.response)),
        };
        Ok(Stream {
            from,
            total,
            is_part,
            host: answer.from.host().to_owned(),
            reader: answer.response.into_body().into_reader(),
        })
    }
}

/// The bytes of a range from a stream that may begin before it.
fn part(mut stream: Stream, range: &Range<u64>) -> Result<Vec<u8>, HubError> {
    let broken = stream.broken();
    let skipped = range.start.saturating_sub(stream.from);
    let wanted = range.end - range.start;
    let mut bytes = Vec::new();
    let whole = io::copy(&mut stream.by_ref().take(skipped), &mut io::sink())
        .and_then(|_| stream.by_ref().take(wanted).read_to_end(&mut bytes))
        .is_ok();
    let end = stream.total.map_or(0, |total| total.min(range.end));
    if !whole || (bytes.len() as u64) < end.saturating_sub(range.start) {
        return Err(broken);
    }
    Ok(bytes)
}

fn content_length<T>(response: &Response<T>) -> Option<u64> {
    let value = response.headers().get(CONTENT_LENGTH)?;
    value.to_str().ok()?.parse().ok()
}

/// The first byte and the whole size of `bytes 10-19/100`.
fn content_range<T>(response: &Response<T>) -> Option<(u64, Option<u64>)> {
    let value = response.headers().get(CONTENT_RANGE)?.to_str().ok()?;
    let (range, total) = value.strip_prefix("bytes ")?.split_once('/')?;
    let (first, _) = range.split_once('-')?;
    Some((first.parse().ok()?, total.parse().ok()))
}
