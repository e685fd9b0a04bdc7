//! Lines of a stream of unknown length: a line that never ends is cut, and what a progress bar writes
//! over itself is a line each time.

use std::io::{BufRead, BufReader, Read};

/// A longer line is cut into several.
const LONGEST: usize = 8 << 10;

/// Hands each line to `take`, until the stream ends or `take` wants no more.
pub(super) fn each_line(stream: impl Read, mut take: impl FnMut(String) -> bool) {
    let mut reader = BufReader::new(stream);
    let mut line: Vec<u8> = Vec::new();
    loop {
        let used = match reader.fill_buf() {
            Ok([]) | Err(_) => break,
            Ok(bytes) => {
                let end = bytes.iter().position(|byte| matches!(byte, b'\n' | b'\r'));
                let room = LONGEST.saturating_sub(line.len());
                let length = end.unwrap_or(bytes.len());
                if length > room {
                    line.extend_from_slice(bytes.get(..room).unwrap_or_default());
                    if !take(text(&mut line)) {
                        return;
                    }
                    room
                } else {
                    line.extend_from_slice(bytes.get(..length).unwrap_or_default());
                    if end.is_some() && !line.is_empty() && !take(text(&mut line)) {
                        return;
                    }
                    length + usize::from(end.is_some())
                }
            }
        };
        reader.consume(used);
    }
    if !line.is_empty() {
        take(text(&mut line));
    }
}

fn text(line: &mut Vec<u8>) -> String {
    let text = String::from_utf8_lossy(line).into_owned();
    line.clear();
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(text: &[u8]) -> Vec<String> {
        let mut lines = Vec::new();
        each_line(text, |line| {
            lines.push(line);
            true
        });
        lines
    }

    #[test]
    fn lines_end_where_a_terminal_ends_them() {
        assert_eq!(
            lines(b"a\r\nb\r 10%\r 20%\n\nc"),
            ["a", "b", " 10%", " 20%", "c"]
        );
        assert_eq!(lines(b""), [""; 0]);
    }

    #[test]
    fn a_line_without_an_end_is_cut() {
        let long = vec![b'x'; LONGEST * 2 + 3];
        let lengths: Vec<usize> = lines(&long).iter().map(String::len).collect();
        assert_eq!(lengths, [LONGEST, LONGEST, 3]);
    }
}
