//! What goes wrong between the hub and here. No message has a token, or an address with a signature.

use std::time::Duration;

use miette::Diagnostic;
use thiserror::Error;

/// Why the hub did not give what it was asked for.
#[derive(Clone, Debug, PartialEq, Eq, Error, Diagnostic)]
pub enum HubError {
    /// The environment forbids to ask.
    #[error("the hub may not be asked: `HF_HUB_OFFLINE` is set")]
    #[diagnostic(
        code(hub::offline),
        help("unset it, or import a folder with `aim-engine cache add MODEL --from DIR`")
    )]
    Offline,
    /// Nothing answers, or the connection breaks.
    #[error("{host} cannot be reached: {because}")]
    #[diagnostic(
        code(hub::unreachable),
        help("check the network, `HF_ENDPOINT` and the proxy's variables")
    )]
    Unreachable {
        /// Whom was asked.
        host: String,
        /// What failed.
        because: String,
    },
    /// Somebody else answers, as far as can be told, or nothing is encrypted.
    #[error("the connection to {host} is not to be trusted: {because}")]
    #[diagnostic(
        code(hub::untrusted),
        help("a proxy that reads along needs its certificate in the file of `SSL_CERT_FILE`")
    )]
    Untrusted {
        /// Whom was asked.
        host: String,
        /// What is wrong with its certificate.
        because: String,
    },
    /// A body that ended before its end.
    #[error("the connection to {host} broke")]
    #[diagnostic(code(hub::broken))]
    Broken {
        /// Whom was asked.
        host: String,
    },
    /// The hub has too much to do.
    #[error("the hub has too many requests (429)")]
    #[diagnostic(
        code(hub::busy),
        help("try again later; a token of yours may have a higher limit")
    )]
    Busy {
        /// For how long it asks to wait.
        wait: Option<Duration>,
    },
    /// The hub fails.
    #[error("the hub failed ({status})")]
    #[diagnostic(code(hub::server), help("try again later; what was fetched is kept"))]
    Server {
        /// The HTTP status.
        status: u16,
        /// For how long it asks to wait.
        wait: Option<Duration>,
    },
    /// A person has to agree to terms before the files are given.
    #[error("`{model}` is gated: who wants its files has to agree to its terms")]
    #[diagnostic(
        code(hub::gated),
        help("visit {page} and ask for access, then {token}")
    )]
    Gated {
        /// The model.
        model: String,
        /// Where to ask for access.
        page: String,
        /// What to do about the token.
        token: &'static str,
    },
    /// There is none, or it is not shown to everybody.
    #[error("the hub has no model `{model}`, or it is private")]
    #[diagnostic(
        code(hub::no_model),
        help("check the id at {page}; if it is private, {token}")
    )]
    NoModel {
        /// The model.
        model: String,
        /// Its page.
        page: String,
        /// What to do about the token.
        token: &'static str,
    },
    /// The model has no such revision.
    #[error("`{model}` has no revision `{revision}`")]
    #[diagnostic(code(hub::no_revision), help("{page}/commits/main lists them"))]
    NoRevision {
        /// The model.
        model: String,
        /// The revision.
        revision: String,
        /// The model's page.
        page: String,
    },
    /// The revision has no such file.
    #[error("`{model}` has no file `{path}`")]
    #[diagnostic(code(hub::no_file))]
    NoFile {
        /// The model.
        model: String,
        /// The file.
        path: String,
    },
    /// The token is not accepted, or not for this.
    #[error("the hub does not accept the token ({status})")]
    #[diagnostic(
        code(hub::token),
        help(
            "check the token of `HF_TOKEN`, or of the file `token` in `HF_HOME`: it may have run out, or lack the right to read `{model}`"
        )
    )]
    Token {
        /// The HTTP status.
        status: u16,
        /// The model.
        model: String,
    },
    /// Another status.
    #[error("the hub refused {what} ({status})")]
    #[diagnostic(code(hub::refused))]
    Refused {
        /// What was asked for.
        what: String,
        /// The HTTP status.
        status: u16,
    },
    /// An answer that no hub gives.
    #[error("{host} answered what no hub answers: {because}")]
    #[diagnostic(code(hub::answer), help("is `HF_ENDPOINT` the address of a hub?"))]
    Answer {
        /// Whom was asked.
        host: String,
        /// What is wrong with it.
        because: String,
    },
}

impl HubError {
    /// Whether it may go well when it is tried again.
    pub fn is_passing(&self) -> bool {
        matches!(
            self,
            HubError::Unreachable { .. }
                | HubError::Broken { .. }
                | HubError::Busy { .. }
                | HubError::Server { .. }
        )
    }

    /// Whether the answer is that there is no such thing.
    pub fn is_no(&self) -> bool {
        matches!(
            self,
            HubError::NoModel { .. } | HubError::NoRevision { .. } | HubError::NoFile { .. }
        )
    }

    /// For how long the hub asked to wait.
    pub(super) fn asked_to_wait(&self) -> Option<Duration> {
        match self {
            HubError::Busy { wait } | HubError::Server { wait, .. } => *wait,
            _ => None,
        }
    }
}
