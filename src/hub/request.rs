//! One request: redirects followed by hand, the token for the hub alone, each status as what it means.

use std::io;
use std::ops::Range;
use std::time::SystemTime;

use ureq::Body;
use ureq::http::Response;
use ureq::http::header::{AUTHORIZATION, LOCATION, RANGE, RETRY_AFTER};

use super::address::Address;
use super::patience::retry_after;
use super::{Hub, HubError, ModelId};

/// More redirects than any hub needs.
const MOST_REDIRECTS: usize = 10;

/// What is asked about, to say what an answer means.
#[derive(Clone, Copy, Debug)]
pub(super) struct Subject<'a> {
    pub model: &'a ModelId,
    /// The revision, where a name of it may be unknown.
    pub revision: &'a str,
    /// The file, where one is asked for.
    pub path: Option<&'a str>,
}

/// An answer with success, and who gave it.
pub(super) struct Answer {
    pub response: Response<Body>,
    pub from: Address,
}

impl Hub {
    /// The address of a path of the hub, which is encoded.
    pub(super) fn address(&self, path: &str) -> Result<Address, HubError> {
        self.endpoint
            .at(path)
            .ok_or_else(|| self.odd(&self.endpoint, "an address cannot be made"))
    }

    pub(super) fn odd(&self, host: &Address, because: impl Into<String>) -> HubError {
        HubError::Answer {
            host: host.host().to_owned(),
            because: because.into(),
        }
    }

    /// Asks until there is an answer, or trying again is no use.
    pub(super) fn get_patiently(
        &self,
        address: &Address,
        about: Subject<'_>,
    ) -> Result<Answer, HubError> {
        let mut tries = self.settings.patience.tries();
        loop {
            match self.get(address, None, about) {
                Ok(answer) => return Ok(answer),
                Err(error) => tries.wait(error)?,
            }
        }
    }

    /// Asks once. A range has its last byte, as HTTP has it, where it has an end.
    pub(super) fn get(
        &self,
        address: &Address,
        range: Option<(u64, Option<u64>)>,
        about: Subject<'_>,
    ) -> Result<Answer, HubError> {
        if self.settings.offline {
            return Err(HubError::Offline);
        }
        let mut at = address.clone();
        for _ in 0..=MOST_REDIRECTS {
            let response = self.ask(&at, range, about)?;
            let status = response.status().as_u16();
            if matches!(status, 301 | 302 | 303 | 307 | 308) {
                let location = response.headers().get(LOCATION);
                let next = location
                    .and_then(|value| value.to_str().ok())
                    .and_then(|location| at.join(location))
                    .ok_or_else(|| self.odd(&at, "a redirect without an address"))?;
                if at.scheme() == "https" && next.scheme() != "https" {
                    return Err(self.odd(&at, "a redirect to an address that is not encrypted"));
                }
                tracing::debug!(from = %at, to = %next, "redirected");
                at = next;
            } else if (200..300).contains(&status) {
                return Ok(Answer { response, from: at });
            } else {
                return Err(self.refusal(&at, &response, about));
            }
        }
        Err(self.odd(&at, "it redirects again and again"))
    }

    fn ask(
        &self,
        at: &Address,
        range: Option<(u64, Option<u64>)>,
        about: Subject<'_>,
    ) -> Result<Response<Body>, HubError> {
        let agent = match at.scheme() {
            _ if self.settings.direct.has(at.host(), at.port()) => &self.direct,
            "https" => &self.secure,
            _ => &self.plain,
        };
        let silence = match about.path {
            Some(_) => self.settings.silence,
            None => self.settings.answer_silence,
        };
        let request = agent.get(at.whole()).config();
        let mut request = request.timeout_per_read(Some(silence)).build();
        if let Some(token) = &self.settings.token
            && at.is_same_host(&self.endpoint)
        {
            request = request.header(AUTHORIZATION, token.header());
        }
        if let Some((first, last)) = range {
            let last = last.map(|last| last.to_string()).unwrap_or_default();
            request = request.header(RANGE, format!("bytes={first}-{last}"));
        }
        tracing::debug!(address = %at, ?range, "asking");
        request.call().map_err(|error| {
            let (host, because) = (at.host().to_owned(), reason(&error));
            let untrusted = match &error {
                ureq::Error::Rustls(_) | ureq::Error::Tls(_) => true,
                // What the encryption finds wrong comes as wrong data, and nothing else does.
                ureq::Error::Io(error) => error.kind() == io::ErrorKind::InvalidData,
                _ => false,
            };
            match untrusted {
                true => HubError::Untrusted { host, because },
                false => HubError::Unreachable { host, because },
            }
        })
    }

    /// What a status means that is no success.
    fn refusal(&self, at: &Address, response: &Response<Body>, about: Subject<'_>) -> HubError {
        let status = response.status().as_u16();
        let header = |name: &str| {
            let value = response.headers().get(name)?;
            value.to_str().ok()
        };
        let model = about.model.to_string();
        let page = self.page(about.model);
        let has_token = self.settings.token.is_some();
        let token = match has_token {
            false => "set `HF_TOKEN` to a token that may read it",
            true => "use a token that may read it: the one in use may not",
        };
        let wait = header(RETRY_AFTER.as_str());
        let wait = wait.and_then(|value| retry_after(value, SystemTime::now()));
        // What another host than the hub refuses says nothing about the model.
        if !at.is_same_host(&self.endpoint) && !matches!(status, 408 | 429 | 500..) {
            return HubError::Server { status, wait: None };
        }
        match (status, header("x-error-code")) {
            (_, Some("GatedRepo")) => HubError::Gated { model, page, token },
            (_, Some("RevisionNotFound")) => HubError::NoRevision {
                revision: about.revision.to_owned(),
                model,
                page,
            },
            (_, Some("RepoNotFound")) => HubError::NoModel { model, page, token },
            (429, _) => HubError::Busy { wait },
            (408 | 500.., _) => HubError::Server { status, wait },
            (401 | 403, _) if has_token => HubError::Token { status, model },
            (401 | 403, _) => HubError::NoModel { model, page, token },
            (404, _) => match about.path {
                Some(path) => HubError::NoFile {
                    model,
                    path: path.to_owned(),
                },
                None => HubError::NoModel { model, page, token },
            },
            _ => HubError::Refused {
                what: about.path.unwrap_or(&model).to_owned(),
                status,
            },
        }
    }
}

/// What is left of an error when all that may be secret is taken away.
fn reason(error: &ureq::Error) -> String {
    match error {
        ureq::Error::Io(error) => error.to_string(),
        ureq::Error::Timeout(_) => "no answer in time".to_owned(),
        ureq::Error::HostNotFound => "there is no such host".to_owned(),
        ureq::Error::ConnectionFailed => "no connection".to_owned(),
        ureq::Error::ConnectProxyFailed(_) => "the proxy does not let it through".to_owned(),
        ureq::Error::Rustls(error) => error.to_string(),
        ureq::Error::Tls(_) => "no encrypted connection".to_owned(),
        _ => "the answer is no HTTP".to_owned(),
    }
}

/// A range as [`Hub::get`] takes it.
pub(super) fn bytes(range: &Range<u64>) -> (u64, Option<u64>) {
    (range.start, Some(range.end.saturating_sub(1)))
}
