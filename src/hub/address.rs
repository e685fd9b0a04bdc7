//! Addresses: what is asked next after a redirect, and whether it is still the same host.

use std::fmt;

use ureq::http::Uri;

/// An absolute `http` or `https` address.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Address(Uri);

impl Address {
    /// Reads an absolute address; a slash at the end is dropped.
    pub fn parse(text: &str) -> Option<Address> {
        let uri: Uri = text.trim_end_matches('/').parse().ok()?;
        let known = matches!(uri.scheme_str(), Some("http" | "https"));
        (known && uri.host().is_some_and(|host| !host.is_empty())).then_some(Address(uri))
    }

    /// The address of a path of the endpoint. `path` begins with a slash and is encoded.
    pub fn at(&self, path: &str) -> Option<Address> {
        Address::parse(&format!("{}{path}", self.whole()))
    }

    /// Where a `Location` or `Link` of this address leads.
    pub fn join(&self, location: &str) -> Option<Address> {
        let scheme = self.scheme();
        let authority = self.0.authority()?;
        if location.starts_with("http://") || location.starts_with("https://") {
            Address::parse(location)
        } else if let Some(rest) = location.strip_prefix("//") {
            Address::parse(&format!("{scheme}://{rest}"))
        } else if location.starts_with('/') {
            Address::parse(&format!("{scheme}://{authority}{location}"))
        } else if location.starts_with('?') {
            Address::parse(&format!(
                "{scheme}://{authority}{}{location}",
                self.0.path()
            ))
        } else {
            let folder = self.0.path().rsplit_once('/')?.0;
            Address::parse(&format!("{scheme}://{authority}{folder}/{location}"))
        }
    }

    /// `http` or `https`.
    pub fn scheme(&self) -> &str {
        self.0.scheme_str().unwrap_or("https")
    }

    /// Whether both are of one scheme, host and port.
    pub fn is_same_host(&self, other: &Address) -> bool {
        let host = |uri: &Uri| uri.host().map(str::to_ascii_lowercase);
        self.scheme() == other.scheme()
            && host(&self.0) == host(&other.0)
            && self.port() == other.port()
    }

    /// The host, for messages.
    pub fn host(&self) -> &str {
        self.0.host().unwrap_or_default()
    }

    /// The port, also where it is not written.
    pub fn port(&self) -> u16 {
        let usual = match self.scheme() {
            "http" => 80,
            _ => 443,
        };
        self.0.port_u16().unwrap_or(usual)
    }

    /// The address as it is requested.
    pub fn whole(&self) -> String {
        self.0.to_string().trim_end_matches('/').to_owned()
    }
}

/// Without what may be secret: user and password, and the query, in which signatures stand.
impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://{}", self.scheme(), self.host())?;
        if let Some(port) = self.0.port_u16() {
            write!(f, ":{port}")?;
        }
        f.write_str(self.0.path().trim_end_matches('/'))
    }
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// A word as one step of a path.
pub(super) fn encoded(word: &str) -> String {
    let mut text = String::with_capacity(word.len());
    for byte in word.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => {
                text.push(char::from(byte));
            }
            other => text.push_str(&format!("%{other:02X}")),
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(text: &str) -> Address {
        Address::parse(text).unwrap()
    }

    #[test]
    fn locations_lead_on() {
        let from = address("http://hub.example:8080/a/b?x=1");
        for (location, wanted) in [
            ("https://cdn.example/f", "https://cdn.example/f"),
            ("//cdn.example/f", "http://cdn.example/f"),
            ("/c", "http://hub.example:8080/c"),
            ("c", "http://hub.example:8080/a/c"),
            ("?cursor=2", "http://hub.example:8080/a/b?cursor=2"),
        ] {
            assert_eq!(from.join(location).unwrap().whole(), wanted, "{location}");
        }
        assert_eq!(
            from.join("ftp://cdn.example/f").map(|to| to.whole()),
            Some("http://hub.example:8080/a/ftp://cdn.example/f".to_owned())
        );
        assert!(Address::parse("file:///etc/passwd").is_none());
        assert!(Address::parse("hub.example").is_none());
    }

    #[test]
    fn another_port_or_scheme_is_another_host() {
        let hub = address("https://Hub.example");
        assert!(hub.is_same_host(&address("https://hub.example:443/x")));
        assert!(!hub.is_same_host(&address("http://hub.example/x")));
        assert!(!hub.is_same_host(&address("https://hub.example:8443/x")));
        assert!(!hub.is_same_host(&address("https://cdn.hub.example/x")));
    }

    #[test]
    fn what_is_shown_has_no_secret() {
        let shown = address("https://user:pass@cdn.example:8443/f?X-Signature=abc").to_string();
        assert_eq!(shown, "https://cdn.example:8443/f");
    }
}
