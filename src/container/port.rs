//! Ports of this machine.

use std::net::{Ipv4Addr, Ipv6Addr, TcpListener};

/// Whether nothing listens on a port.
pub fn is_free(port: u16) -> bool {
    // What may not be tried (a port below 1024, for a user) is left to the engine.
    let taken = |bound: std::io::Result<TcpListener>| {
        bound.is_err_and(|error| error.kind() == std::io::ErrorKind::AddrInUse)
    };
    !taken(TcpListener::bind((Ipv4Addr::UNSPECIFIED, port)))
        && !taken(TcpListener::bind((Ipv6Addr::UNSPECIFIED, port)))
}

/// The next port that is free and not among `taken`.
pub fn next_free(port: u16, taken: &[u16]) -> Option<u16> {
    (port.checked_add(1)?..=u16::MAX).find(|port| !taken.contains(port) && is_free(*port))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_port_that_is_listened_on_is_not_free() {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        assert!(!is_free(port));
        assert_ne!(next_free(port - 1, &[]), Some(port));
    }
}
