//! The model hub, as a client sees it: revisions, file lists, files and parts of them.
//!
//! It leaves to others what is done with files. The token goes to the hub itself and to no other host.

mod address;
mod direct;
mod error;
mod fetch;
mod name;
mod patience;
mod request;
mod settings;
mod token;
mod tree;

pub use error::HubError;
pub use fetch::{Source, Stream};
pub use name::{Commit, FilePath, ModelId, NameError, Revision};
pub use patience::Patience;
pub use settings::{HubSettings, SettingsError};
pub use token::Token;
pub use tree::{BlobId, HubFile, ModelInfo};

use ureq::Agent;

use address::Address;

/// A hub to ask.
#[derive(Debug)]
pub struct Hub {
    settings: HubSettings,
    /// Its address.
    endpoint: Address,
    /// For `https` addresses, which may be behind a proxy of their own.
    secure: Agent,
    /// For `http` addresses.
    plain: Agent,
    /// For hosts that are asked without a proxy.
    direct: Agent,
}

impl Hub {
    /// A client with these settings; nothing is asked yet.
    ///
    /// # Errors
    /// The endpoint or a proxy is no address, or certificates cannot be read.
    pub fn new(settings: HubSettings) -> Result<Hub, SettingsError> {
        let endpoint = Address::parse(&settings.endpoint)
            .ok_or_else(|| SettingsError::endpoint(&settings.endpoint))?;
        Ok(Hub {
            secure: settings.agent("https")?,
            plain: settings.agent("http")?,
            direct: settings.direct_agent()?,
            endpoint,
            settings,
        })
    }

    /// Whether no request may be made.
    pub fn is_offline(&self) -> bool {
        self.settings.offline
    }

    /// The page where a person reads about a model and asks for access.
    pub fn page(&self, model: &ModelId) -> String {
        format!("{}/{model}", self.endpoint)
    }
}
