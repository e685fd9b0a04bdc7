//! Which hosts are asked without a proxy: what `no_proxy` says, as curl and Python read it.

use std::net::IpAddr;

/// The hosts of `no_proxy`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Direct(Vec<String>);

impl Direct {
    /// Reads a list such as `localhost,.example.com,10.0.0.0/8,[::1]:8080`.
    pub fn parse(list: &str) -> Direct {
        let hosts = list.split(',').map(|host| host.trim().to_lowercase());
        Direct(hosts.filter(|host| !host.is_empty()).collect())
    }

    /// Whether a host is asked without a proxy.
    pub fn has(&self, host: &str, port: u16) -> bool {
        let host = bare(host).to_lowercase();
        let is_like = |entry: &String| entry == "*" || is_like(entry, &host, port);
        self.0.iter().any(is_like)
    }
}

fn is_like(entry: &str, host: &str, port: u16) -> bool {
    let address: Option<IpAddr> = host.parse().ok();
    if let Some(address) = address {
        if bare(entry).parse() == Ok(address) {
            return true;
        }
        if let Some((network, bits)) = entry.split_once('/') {
            let network = bare(network).parse().ok();
            let bits: Option<u32> = bits.parse().ok();
            return network
                .zip(bits)
                .is_some_and(|(network, bits)| is_in(address, network, bits));
        }
    }
    let entry = match entry.rsplit_once(':') {
        Some((name, of_entry)) => match of_entry.parse::<u16>() {
            Ok(of_entry) if of_entry == port => name,
            Ok(_) => return false,
            Err(_) => entry,
        },
        None => entry,
    };
    let entry = bare(entry.trim_start_matches('.'));
    if entry.is_empty() {
        return false;
    }
    let before = host.strip_suffix(entry);
    // A part of an address is the name of nothing.
    before.is_some_and(|before| before.is_empty() || (before.ends_with('.') && address.is_none()))
}

/// An address without the brackets that it has before a port.
fn bare(host: &str) -> &str {
    let inner = host
        .strip_prefix('[')
        .and_then(|host| host.strip_suffix(']'));
    inner.unwrap_or(host)
}

/// Whether the first so many bits are the same.
fn is_in(address: IpAddr, network: IpAddr, bits: u32) -> bool {
    let same = |difference: u128, width: u32| {
        bits <= width && difference.checked_shr(width - bits).unwrap_or(0) == 0
    };
    match (address, network) {
        (IpAddr::V4(a), IpAddr::V4(n)) => same(u128::from(a.to_bits() ^ n.to_bits()), 32),
        (IpAddr::V6(a), IpAddr::V6(n)) => same(a.to_bits() ^ n.to_bits(), 128),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::Direct;

    #[test]
    fn hosts_are_matched_as_others_match_them() {
        for (list, host) in [
            ("*", "hub.example"),
            ("localhost, Hub.example", "hub.EXAMPLE"),
            ("example", "hub.example"),
            (".example", "hub.example"),
            (".example", "example"),
            ("hub.example:80", "hub.example"),
            ("::1", "[::1]"),
            ("[::1]", "[::1]"),
            ("[::1]:80", "[::1]"),
            ("fd00::/8", "[fd12::3]"),
            ("127.0.0.1", "127.0.0.1"),
            ("127.0.0.1:80", "127.0.0.1"),
            ("10.0.0.0/8", "10.1.2.3"),
            ("0.0.0.0/0", "10.1.2.3"),
            ("10.1.2.3/32", "10.1.2.3"),
        ] {
            assert!(Direct::parse(list).has(host, 80), "{list} {host}");
        }
        for (list, host) in [
            ("", "hub.example"),
            (",. ,", "hub.example"),
            ("ub.example", "hub.example"),
            ("hub.example:8080", "hub.example"),
            ("hub.example", "example"),
            ("0.0.1", "127.0.0.1"),
            ("10.0.0.0/8", "11.1.2.3"),
            ("10.0.0.0/99", "10.0.0.0"),
            ("10.0.0.0/8", "[::1]"),
            ("::1", "[::2]"),
        ] {
            assert!(!Direct::parse(list).has(host, 80), "{list} {host}");
        }
    }
}
