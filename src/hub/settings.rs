//! What the environment says about the hub: address, token, patience, proxies, certificates.

use std::fs;
use std::time::Duration;

use miette::Diagnostic;
use thiserror::Error;
use ureq::tls::{Certificate, PemItem, RootCerts, TlsConfig, parse_pem};
use ureq::{Agent, Proxy};

use super::direct::Direct;
use super::{Patience, Token};

/// Looks up a variable; one that is empty is not set.
pub(super) type Environment<'a> = dyn Fn(&str) -> Option<String> + 'a;

const PUBLIC: &str = "https://huggingface.co";
/// Nothing heard for so long means that nothing comes.
const SILENCE: Duration = Duration::from_secs(30);
const CONNECT: Duration = Duration::from_secs(10);
/// More of them are not kept for further requests.
const CONNECTIONS: usize = 64;
/// What is read at once from a connection.
const BUFFER: usize = 256 << 10;

/// How to ask the hub.
#[derive(Clone, Debug)]
pub struct HubSettings {
    /// The hub's address.
    pub endpoint: String,
    /// Who asks.
    pub token: Option<Token>,
    /// Whether nothing may be asked at all.
    pub offline: bool,
    /// For how long nothing may be heard while a file comes.
    pub silence: Duration,
    /// For how long nothing may be heard of what a model is and has.
    pub answer_silence: Duration,
    /// How often and how long to try again.
    pub patience: Patience,
    proxies: Proxies,
    /// Hosts that are asked without one.
    pub(super) direct: Direct,
    /// A file with the certificates to trust, in place of the usual ones.
    certificates: Option<String>,
}

#[derive(Clone, Debug, Default)]
struct Proxies {
    secure: Option<String>,
    plain: Option<String>,
}

/// Settings that cannot be used.
#[derive(Debug, Error, Diagnostic)]
pub enum SettingsError {
    /// The endpoint is no address.
    #[error("`HF_ENDPOINT` is no address: `{shown}`")]
    #[diagnostic(code(hub::endpoint), help("it looks like `https://huggingface.co`"))]
    Endpoint {
        /// What it is.
        shown: String,
    },
    /// A proxy's address is none.
    #[error("the proxy of `{variable}` is no address")]
    #[diagnostic(
        code(hub::proxy),
        help("it looks like `http://proxy.example.com:3128`")
    )]
    Proxy {
        /// Where it stands.
        variable: &'static str,
    },
    /// Certificates that cannot be read.
    #[error("the certificates in `{file}` cannot be read: {because}")]
    #[diagnostic(code(hub::certificates))]
    Certificates {
        /// Their file.
        file: String,
        /// Why not.
        because: String,
    },
}

impl SettingsError {
    pub(super) fn endpoint(text: &str) -> SettingsError {
        // What stands before an `@` may be a password.
        let shown = text.rsplit_once('@').map_or(text, |(_, rest)| rest);
        SettingsError::Endpoint {
            shown: shown.to_owned(),
        }
    }
}

impl HubSettings {
    /// What this process's environment says.
    pub fn of_this_process() -> HubSettings {
        HubSettings::from(&|name: &str| std::env::var(name).ok().filter(|value| !value.is_empty()))
    }

    fn from(env: &Environment<'_>) -> HubSettings {
        let either = |lower: &str| env(lower).or_else(|| env(&lower.to_uppercase()));
        let all = either("all_proxy");
        let offline = env("HF_HUB_OFFLINE").or_else(|| env("TRANSFORMERS_OFFLINE"));
        let silence = |name: &str| {
            let seconds = env(name).and_then(|text| text.trim().parse().ok());
            let seconds = seconds.filter(|seconds| *seconds > 0);
            seconds.map_or(SILENCE, Duration::from_secs)
        };
        let certificates = ["REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE"];
        HubSettings {
            endpoint: env("HF_ENDPOINT").unwrap_or_else(|| PUBLIC.to_owned()),
            token: Token::find(env),
            offline: offline.is_some_and(|value| is_true(&value)),
            silence: silence("HF_HUB_DOWNLOAD_TIMEOUT"),
            answer_silence: silence("HF_HUB_ETAG_TIMEOUT"),
            patience: Patience::default(),
            proxies: Proxies {
                secure: either("https_proxy").or_else(|| all.clone()),
                plain: either("http_proxy").or(all),
            },
            direct: Direct::parse(&either("no_proxy").unwrap_or_default()),
            certificates: certificates.into_iter().find_map(env),
        }
    }

    /// What makes requests to addresses of a scheme, by its proxy.
    pub(super) fn agent(&self, scheme: &str) -> Result<Agent, SettingsError> {
        let (variable, proxy) = match scheme {
            "https" => ("https_proxy", &self.proxies.secure),
            _ => ("http_proxy", &self.proxies.plain),
        };
        let proxy = proxy.as_ref().map(|text| {
            let proxy = Proxy::new(text).ok();
            proxy.ok_or(SettingsError::Proxy { variable })
        });
        self.agent_by(proxy.transpose()?)
    }

    /// What makes requests to hosts that are asked without a proxy.
    pub(super) fn direct_agent(&self) -> Result<Agent, SettingsError> {
        self.agent_by(None)
    }

    fn agent_by(&self, proxy: Option<Proxy>) -> Result<Agent, SettingsError> {
        let config = Agent::config_builder()
            .proxy(proxy)
            // Where a redirect leads decides whether the token goes with it.
            .max_redirects(0)
            .http_status_as_error(false)
            .timeout_connect(Some(CONNECT))
            .timeout_per_read(Some(self.silence))
            .timeout_per_write(Some(self.silence))
            .input_buffer_size(BUFFER)
            .max_idle_connections(CONNECTIONS)
            .max_idle_connections_per_host(CONNECTIONS)
            .user_agent(concat!("aim-engine/", env!("CARGO_PKG_VERSION")))
            .tls_config(self.tls()?)
            .build();
        Ok(config.new_agent())
    }

    fn tls(&self) -> Result<TlsConfig, SettingsError> {
        let Some(file) = &self.certificates else {
            return Ok(TlsConfig::default());
        };
        let wrong = |because: String| SettingsError::Certificates {
            file: file.clone(),
            because,
        };
        let bytes = fs::read(file).map_err(|error| wrong(error.to_string()))?;
        let mut certificates: Vec<Certificate<'static>> = Vec::new();
        for item in parse_pem(&bytes) {
            match item {
                Ok(PemItem::Certificate(certificate)) => certificates.push(certificate),
                Ok(_) => {}
                Err(error) => return Err(wrong(error.to_string())),
            }
        }
        if certificates.is_empty() {
            return Err(wrong("there is no certificate in it".to_owned()));
        }
        let roots = RootCerts::Specific(std::sync::Arc::new(certificates));
        Ok(TlsConfig::builder().root_certs(roots).build())
    }
}

/// How the hub's own tools read a switch.
pub(super) fn is_true(value: &str) -> bool {
    ["1", "on", "yes", "true"].contains(&value.to_lowercase().as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(pairs: &[(&str, &str)]) -> HubSettings {
        HubSettings::from(&|name: &str| {
            let found = pairs.iter().find(|(known, _)| *known == name);
            found.map(|(_, value)| (*value).to_owned())
        })
    }

    #[test]
    fn the_environment_is_read_as_the_hubs_own_tools_do() {
        let plain = settings(&[]);
        assert_eq!(plain.endpoint, PUBLIC);
        assert!(!plain.offline);
        let set = settings(&[
            ("HF_ENDPOINT", "http://mirror:8080"),
            ("HF_HUB_OFFLINE", "ON"),
            ("HF_HUB_DOWNLOAD_TIMEOUT", "3"),
            ("HF_HUB_ETAG_TIMEOUT", "0"),
        ]);
        assert_eq!(set.endpoint, "http://mirror:8080");
        assert!(set.offline);
        assert_eq!(set.silence, Duration::from_secs(3));
        assert_eq!(set.answer_silence, SILENCE);
    }

    #[test]
    fn each_scheme_has_its_proxy() {
        let set = settings(&[
            ("HTTPS_PROXY", "http://user:secret@secure:1"),
            ("all_proxy", "http://all:2"),
            ("NO_PROXY", "localhost, .internal"),
        ]);
        let proxy = |scheme: &str| {
            set.agent(scheme)
                .unwrap()
                .config()
                .proxy()
                .cloned()
                .unwrap()
        };
        assert_eq!(proxy("https").host(), "secure");
        assert_eq!(proxy("https").username(), Some("user"));
        assert_eq!(proxy("http").host(), "all");
        assert!(set.direct.has("hub.internal", 80));
        assert!(!set.direct.has("hub.example", 80));
        assert!(set.direct_agent().unwrap().config().proxy().is_none());
        let wrong = settings(&[("https_proxy", "://")])
            .agent("https")
            .unwrap_err();
        assert_eq!(
            wrong.to_string(),
            "the proxy of `https_proxy` is no address"
        );
    }
}
