//! A large content that several threads fetch together, each its own parts, while it is hashed in order.
//!
//! One of them began it and answers for it. The others join when the host has shown that it gives parts, and
//! leave it when it does not give them theirs: a host may have a limit for connections.

use std::io::Read;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;

use super::CacheError;
use super::download::PIECE;
use super::hash::Digest;
use super::meter::{FileMeter, Step};
use super::parts::{Claim, Parts};
use crate::hub::{Commit, Hub, HubError, HubFile, ModelId, Source, Stream};

/// A large content on its way.
pub(super) struct Job<'a> {
    pub parts: Parts,
    source: Source<'a>,
    file: &'a HubFile,
    meter: &'a FileMeter,
    /// More of them would not be served.
    is_crowded: AtomicBool,
    /// What came cannot be the content.
    is_wrong: AtomicBool,
    failed: Mutex<Option<CacheError>>,
}

/// Why a thread ends its work on a content before all of it is there.
enum End {
    /// The hub, or where it leads, does not give it.
    Hub(HubError),
    /// What came cannot be the content.
    Wrong,
    /// The cache cannot be written, or all of this is of no use any more.
    Here(CacheError),
}

impl From<HubError> for End {
    fn from(error: HubError) -> Self {
        End::Hub(error)
    }
}

/// Who fetches.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Role {
    /// Who began it.
    Owner,
    Helper,
}

impl<'a> Job<'a> {
    pub fn new(
        model: &'a ModelId,
        commit: &'a Commit,
        file: &'a HubFile,
        meter: &'a FileMeter,
        parts: Parts,
    ) -> Job<'a> {
        Job {
            parts,
            source: Source::new(model, commit, &file.path),
            file,
            meter,
            is_crowded: AtomicBool::new(false),
            is_wrong: AtomicBool::new(false),
            failed: Mutex::new(None),
        }
    }

    /// Fetches what is not there; says whether the whole is what it should be. `offer` is called once
    /// others may join.
    pub fn fetch(
        &self,
        hub: &Hub,
        stopped: &AtomicBool,
        offer: &dyn Fn(),
    ) -> Result<bool, CacheError> {
        self.meter.is(Step::Fetching);
        let name = thread::scope(|scope| {
            let digest = Digest::like(&self.file.blob, self.file.size);
            let name = scope.spawn(|| self.parts.hash(digest));
            scope.spawn(|| self.parts.flush());
            if let Err(end) = self.own(hub, stopped, offer) {
                self.end(end);
            }
            self.parts.wait_for_others();
            self.meter.is(Step::Checking);
            self.parts.close();
            name.join().ok().flatten()
        });
        let failed = self.failed.lock();
        match failed.unwrap_or_else(PoisonError::into_inner).take() {
            Some(error) => Err(error),
            None => Ok(
                !self.is_wrong.load(Ordering::Relaxed) && name.as_ref() == Some(&self.file.blob)
            ),
        }
    }

    fn own(&self, hub: &Hub, stopped: &AtomicBool, offer: &dyn Fn()) -> Result<(), End> {
        loop {
            self.work(hub, stopped, Role::Owner, offer)?;
            self.parts.wait_for_others();
            // One who left may have left a part of it.
            if self.parts.is_whole() || self.parts.is_closed() {
                return Ok(());
            }
        }
    }

    /// Whether there may be a part for one more.
    pub fn wants_help(&self) -> bool {
        !self.is_crowded.load(Ordering::Relaxed) && self.parts.may_join()
    }

    /// Fetches parts until there are none, or the host gives no more; says whether it fetched any.
    pub fn help(&self, hub: &Hub, stopped: &AtomicBool) -> bool {
        match self.work(hub, stopped, Role::Helper, &|| {}) {
            Ok(found) => found,
            Err(End::Hub(error)) => {
                tracing::debug!(%error, path = %self.file.path, "fetched with fewer connections");
                self.is_crowded.store(true, Ordering::Relaxed);
                true
            }
            Err(end) => {
                self.end(end);
                true
            }
        }
    }

    /// Begins anew, since what came is wrong.
    pub fn begin_again(&self) -> Result<(), CacheError> {
        self.is_wrong.store(false, Ordering::Relaxed);
        self.meter.set_done(0);
        self.parts.begin_again()
    }

    fn end(&self, end: End) {
        let error = match end {
            End::Wrong => {
                self.is_wrong.store(true, Ordering::Relaxed);
                None
            }
            End::Hub(error) => Some(CacheError::Hub(error)),
            End::Here(error) => Some(error),
        };
        if let Some(error) = error {
            let failed = self.failed.lock();
            let mut failed = failed.unwrap_or_else(PoisonError::into_inner);
            failed.get_or_insert(error);
        }
        self.parts.close();
    }

    /// Fetches parts until none is left that nobody fetches; says whether there was one.
    fn work(
        &self,
        hub: &Hub,
        stopped: &AtomicBool,
        role: Role,
        offer: &dyn Fn(),
    ) -> Result<bool, End> {
        let mut buffer = vec![0; PIECE];
        // A stream that goes on behind a part, and its next byte.
        let mut going_on = None;
        let mut any = false;
        loop {
            if any && role == Role::Helper && self.parts.is_held_up() {
                return Ok(any);
            }
            let Some(mut claim) = self.parts.claim() else {
                return Ok(any);
            };
            any = true;
            let fetched = self.part(
                hub,
                stopped,
                role,
                offer,
                &mut claim,
                &mut going_on,
                &mut buffer,
            );
            self.parts.release(claim);
            fetched?;
        }
    }

    #[expect(clippy::too_many_arguments, reason = "it is one loop in two functions")]
    fn part(
        &self,
        hub: &Hub,
        stopped: &AtomicBool,
        role: Role,
        offer: &dyn Fn(),
        claim: &mut Claim,
        going_on: &mut Option<(Stream, u64)>,
        buffer: &mut Vec<u8>,
    ) -> Result<(), End> {
        let mut tries = hub.tries();
        while claim.at < claim.end {
            let before = going_on.take().filter(|(_, at)| *at <= claim.at);
            let (mut stream, mut at) = match before {
                Some(before) => before,
                None => match hub.open_range(&self.source, claim.at..claim.end) {
                    Ok(stream) => {
                        let total = stream.total.unwrap_or(self.file.size);
                        if total != self.file.size || stream.from > claim.at {
                            return Err(End::Wrong);
                        }
                        if stream.is_part && role == Role::Owner {
                            offer();
                        }
                        let from = stream.from;
                        (stream, from)
                    }
                    Err(HubError::Refused { status: 416, .. }) => return Err(End::Wrong),
                    Err(error @ (HubError::Busy { .. } | HubError::Server { .. }))
                        if role == Role::Helper =>
                    {
                        return Err(End::Hub(error));
                    }
                    Err(error) => {
                        tries.wait(error)?;
                        continue;
                    }
                },
            };
            let began = claim.at;
            while claim.at < claim.end {
                if stopped.load(Ordering::Relaxed) {
                    return Err(End::Here(CacheError::Stopped));
                }
                if self.parts.is_closed() {
                    return Ok(());
                }
                // A host that gives whole files only begins with what is there.
                let until = if at < claim.at { claim.at } else { claim.end };
                let most = usize::try_from(until - at)
                    .unwrap_or(PIECE)
                    .min(buffer.len());
                let read = match stream.read(&mut buffer[..most]) {
                    Ok(0) => break,
                    Ok(read) => read,
                    Err(error) => {
                        tracing::debug!(%error, path = %self.file.path, "the connection broke");
                        break;
                    }
                };
                if at == claim.at {
                    let written = self.parts.write(claim, std::mem::take(buffer), read);
                    let failed = |error| CacheError::io("written", self.parts.path(), error);
                    *buffer = written.map_err(failed).map_err(End::Here)?;
                    self.meter.came(read as u64);
                    self.meter.set_done(self.parts.done());
                }
                at += read as u64;
            }
            if claim.at < claim.end {
                if claim.at > began {
                    tries.begin_again();
                }
                tries.wait(stream.broken())?;
            } else if !stream.is_part && at < self.file.size {
                *going_on = Some((stream, at));
            } else if matches!(stream.read(&mut buffer[..1]), Ok(1)) {
                // It goes on behind its end. Else it has ended, and its connection serves the next part.
                return Err(End::Wrong);
            }
        }
        Ok(())
    }
}
