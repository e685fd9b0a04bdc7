//! Whether an engine answers: one HTTP request to this machine.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::time::Duration;

/// What came of asking an engine how it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Health {
    /// It serves.
    Healthy,
    /// It answers, with this status.
    Answers(u16),
    /// Nothing answers.
    Silent,
}

/// An answer's first line is not longer.
const STATUS_LINE: u64 = 256;
/// The list of models that an engine serves is not longer.
const ANSWER: u64 = 256 << 10;

/// Asks the engine on `port` for `path`.
pub fn is_healthy(port: u16, path: &str, limit: Duration) -> Health {
    match status(port, path, limit) {
        Some(200..=299) => Health::Healthy,
        Some(status) => Health::Answers(status),
        None => Health::Silent,
    }
}

fn status(port: u16, path: &str, limit: Duration) -> Option<u16> {
    let line = ask(port, path, limit, STATUS_LINE, |bytes| {
        bytes.contains(&b'\n')
    })?;
    let line = String::from_utf8_lossy(&line);
    let mut words = line.split_whitespace();
    words.next().filter(|word| word.starts_with("HTTP/"))?;
    words.next()?.parse().ok()
}

/// The name by which an engine of OpenAI's interface serves its model; none when it does not say.
pub fn served_model(port: u16, limit: Duration) -> Option<String> {
    let answer = ask(port, "/v1/models", limit, ANSWER, |_| false)?;
    let answer = String::from_utf8_lossy(&answer);
    let (head, body) = answer.split_once("\r\n\r\n")?;
    // In chunks or not, the document is what stands between the outermost braces.
    head.starts_with("HTTP/").then_some(())?;
    let document = body.get(body.find('{')?..=body.rfind('}')?)?;
    let document: serde_json::Value = serde_json::from_str(document).ok()?;
    document["data"][0]["id"].as_str().map(str::to_owned)
}

/// What is answered, as far as `enough` wants it and up to `most` bytes.
fn ask(
    port: u16,
    path: &str,
    limit: Duration,
    most: u64,
    enough: impl Fn(&[u8]) -> bool,
) -> Option<Vec<u8>> {
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    let mut stream = TcpStream::connect_timeout(&address, limit).ok()?;
    stream.set_read_timeout(Some(limit)).ok()?;
    stream.set_write_timeout(Some(limit)).ok()?;
    let request =
        format!("GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).ok()?;
    let mut answer = Vec::new();
    let mut stream = stream.take(most);
    let mut bytes = [0; 1024];
    while !enough(&answer) {
        match stream.read(&mut bytes) {
            Ok(0) => break,
            Ok(count) => answer.extend_from_slice(bytes.get(..count)?),
            Err(_) => return None,
        }
    }
    Some(answer)
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;

    use super::*;

    fn answering(answer: &'static [u8]) -> Health {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        let server = std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let mut request = [0; 1024];
            let _ = stream.read(&mut request);
            let _ = stream.write_all(answer);
        });
        let health = is_healthy(port, "/health", Duration::from_secs(5));
        server.join().unwrap();
        health
    }

    #[test]
    fn only_a_success_is_healthy() {
        assert_eq!(answering(b"HTTP/1.1 200 OK\r\n\r\n"), Health::Healthy);
        assert_eq!(
            answering(b"HTTP/1.0 503 Service Unavailable\r\n\r\n"),
            Health::Answers(503)
        );
        assert_eq!(answering(b"SSH-2.0-OpenSSH\r\n"), Health::Silent);
        assert_eq!(answering(b""), Health::Silent);
    }
}
