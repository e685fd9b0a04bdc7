//! JSON among other lines: tools print warnings before it, and to the same stream.

use serde_json::Value;

/// More than a tool prints in one run, watched for a while.
const MOST: usize = 64;

/// The JSON objects and lists in a text, each beginning a line.
pub(in crate::detect) fn values(text: &str) -> Vec<Value> {
    let mut found = Vec::new();
    let mut rest = text;
    while !rest.is_empty() && found.len() < MOST {
        let line = rest.trim_start_matches([' ', '\t', '\u{feff}']);
        if line.starts_with(['{', '[']) {
            let mut stream = serde_json::Deserializer::from_str(line).into_iter::<Value>();
            if let Some(Ok(value)) = stream.next() {
                let read = stream.byte_offset();
                found.push(value);
                rest = line.get(read..).unwrap_or_default();
                continue;
            }
        }
        rest = rest.split_once('\n').map_or("", |(_, after)| after);
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn warnings_around_it_are_passed_over() {
        let text = "WARNING: [low] power\n{broken\n[{\"gpu\": 0}]\nERROR: more\n{\"a\": 1}";
        let found = values(text);
        assert_eq!(found.len(), 2);
        assert_eq!(found[1]["a"], 1);
        assert!(values("no JSON").is_empty());
        assert!(values("").is_empty());
    }
}
