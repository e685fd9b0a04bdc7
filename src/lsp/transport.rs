//! Messages over stdin and stdout: a header that counts bytes, and JSON.
//!
//! What is no message is answered with an error, and the next one is read.

use std::io::{self, BufRead, Read, Write};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;

use lsp_server::{ErrorCode, Message};
use serde_json::{Value, json};

/// More than any message holds; such a one is passed over.
const MAX_BYTES: usize = 64 << 20;

/// What the other side sent.
#[derive(Debug)]
pub(super) enum Incoming {
    /// A message.
    Message(Message),
    /// Something else, and the error to answer it with.
    Malformed(Value),
}

/// Reads in a thread of its own, so that what is cancelled is known before it is worked on.
pub(super) fn incoming() -> Receiver<Incoming> {
    let (sender, receiver) = channel();
    thread::spawn(move || {
        let _ = read_all(&mut io::stdin().lock(), &sender);
    });
    receiver
}

/// Writes a message.
pub(super) fn write(out: &mut impl Write, message: &Value) -> io::Result<()> {
    let text = message.to_string();
    write!(out, "Content-Length: {}\r\n\r\n{text}", text.len())?;
    out.flush()
}

fn read_all(input: &mut impl BufRead, sender: &Sender<Incoming>) -> io::Result<()> {
    while let Some(length) = header(input)? {
        let incoming = match length {
            Some(length) if length <= MAX_BYTES => {
                let mut body = Vec::new();
                input.take(length as u64).read_to_end(&mut body)?;
                if body.len() < length {
                    return Ok(());
                }
                message(&body)
            }
            Some(length) => {
                io::copy(&mut input.take(length as u64), &mut io::sink())?;
                malformed(
                    &Value::Null,
                    ErrorCode::InvalidRequest,
                    "the message is too large",
                )
            }
            None => malformed(
                &Value::Null,
                ErrorCode::ParseError,
                "a header has no `Content-Length`",
            ),
        };
        if sender.send(incoming).is_err() {
            return Ok(());
        }
    }
    Ok(())
}

/// The length that a header gives, where it gives one; nothing at the end of the input.
fn header(input: &mut impl BufRead) -> io::Result<Option<Option<usize>>> {
    let mut length = None;
    let mut lines = 0;
    loop {
        let mut line = Vec::new();
        // A line of a header is short; what is not is no header.
        if input.by_ref().take(4096).read_until(b'\n', &mut line)? == 0 {
            return Ok(None);
        }
        let text = String::from_utf8_lossy(&line);
        let text = text.trim();
        if text.is_empty() {
            if lines > 0 {
                return Ok(Some(length));
            }
            continue;
        }
        lines += 1;
        if let Some((name, value)) = text.split_once(':')
            && name.trim().eq_ignore_ascii_case("content-length")
        {
            length = value.trim().parse().ok();
        }
    }
}

fn message(body: &[u8]) -> Incoming {
    let value: Value = match serde_json::from_slice(body) {
        Ok(value) => value,
        Err(error) => {
            let text = format!("the message is no JSON: {error}");
            return malformed(&Value::Null, ErrorCode::ParseError, &text);
        }
    };
    let id = value.get("id").filter(|id| id.is_i64() || id.is_string());
    let id = id.cloned().unwrap_or_default();
    match serde_json::from_value(value) {
        Ok(message) => Incoming::Message(message),
        Err(_) => malformed(&id, ErrorCode::InvalidRequest, "the message is no request"),
    }
}

fn malformed(id: &Value, code: ErrorCode, text: &str) -> Incoming {
    Incoming::Malformed(json!({
        "jsonrpc": "2.0",
        "id": id,
        "error": {"code": code as i32, "message": text},
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Vec<Incoming> {
        let (sender, receiver) = channel();
        read_all(&mut text.as_bytes(), &sender).unwrap();
        drop(sender);
        receiver.into_iter().collect()
    }

    #[test]
    fn what_is_no_message_is_answered_and_the_next_one_is_read() {
        let exit = r#"{"method":"exit"}"#;
        let text = format!(
            "Content-Length: 3\r\n\r\n{{,}}Nonsense: 1\r\n\r\nContent-Length: {}\r\n\r\n{exit}Content-Length: 99\r\n\r\n{{",
            exit.len()
        );
        let read = read(&text);
        assert!(matches!(&read[0], Incoming::Malformed(error) if error["error"]["code"] == -32700));
        assert!(matches!(&read[1], Incoming::Malformed(_)));
        assert!(
            matches!(&read[2], Incoming::Message(Message::Notification(n)) if n.method == "exit")
        );
        assert_eq!(read.len(), 3);
    }
}
