//! How a word of a command line reads: what the rules' language cannot tell of a text.

/// The name of the reading, as the rules compare it with a flag's kind.
pub(super) fn reading(word: &str) -> &'static str {
    match word {
        "true" | "false" | "True" | "False" => "boolean",
        "auto" => "auto",
        _ if is_integer(word) => "integer",
        _ if word.trim().parse::<f64>().is_ok() => "number",
        _ if human(word).is_some() => "human-integer",
        _ if is_broken_json(word) => "broken-json",
        _ => "text",
    }
}

/// What begins like a map or a list of JSON, and is neither. Python takes a little more than the standard has.
fn is_broken_json(word: &str) -> bool {
    word.trim_start().starts_with(['{', '['])
        && !word.contains("NaN")
        && !word.contains("Infinity")
        && serde_json::from_str::<serde::de::IgnoredAny>(word).is_err()
}

/// The word as a number; `32k` is 32,000 and `32K` is 32,768, as vLLM reads them.
pub(super) fn number(word: &str) -> Option<f64> {
    let plain = word.trim().replace('_', "");
    let number = plain.parse::<f64>().ok().or_else(|| human(word))?;
    number.is_finite().then_some(number)
}

/// Whole numbers as Python's `int()` takes them.
fn is_integer(word: &str) -> bool {
    let word = word.trim();
    let digits = word.strip_prefix(['-', '+']).unwrap_or(word);
    !digits.is_empty()
        && digits
            .split('_')
            .all(|part| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit()))
}

fn human(word: &str) -> Option<f64> {
    let word = word.trim();
    let unit = word.chars().next_back()?;
    let number = word.get(..word.len() - unit.len_utf8())?;
    let decimal = match unit {
        'k' => Some(1e3),
        'm' => Some(1e6),
        'g' => Some(1e9),
        't' => Some(1e12),
        _ => None,
    };
    let binary = match unit {
        'K' => Some(1024.0),
        'M' => Some(1024.0 * 1024.0),
        'G' => Some(1024.0 * 1024.0 * 1024.0),
        'T' => Some(1024.0 * 1024.0 * 1024.0 * 1024.0),
        _ => None,
    };
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    match (decimal, binary) {
        (Some(factor), _) => {
            let shaped = match number.split_once('.') {
                Some((whole, part)) => digits(whole) && digits(part),
                None => digits(number),
            };
            shaped
                .then(|| number.parse::<f64>().ok())
                .flatten()
                .map(|n| n * factor)
        }
        (_, Some(factor)) => digits(number)
            .then(|| number.parse::<f64>().ok())
            .flatten()
            .map(|n| n * factor),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_read_as_the_engines_parsers_read_them() {
        for (word, wanted, value) in [
            ("8192", "integer", Some(8192.0)),
            ("-1", "integer", Some(-1.0)),
            ("1_000", "integer", Some(1000.0)),
            ("0.90", "number", Some(0.9)),
            ("1e-3", "number", Some(0.001)),
            ("32k", "human-integer", Some(32_000.0)),
            ("1.5k", "human-integer", Some(1500.0)),
            ("32K", "human-integer", Some(32_768.0)),
            ("1.5K", "text", None),
            ("auto", "auto", None),
            ("true", "boolean", None),
            ("bfloat16", "text", None),
            ("", "text", None),
            ("k", "text", None),
            ("inf", "number", None),
            ("{\"level\": 3}", "text", None),
            ("{\"level\": 3", "broken-json", None),
            ("{level: 3}", "broken-json", None),
            (" [1, 2", "broken-json", None),
            ("{\"a\": NaN}", "text", None),
        ] {
            assert_eq!(reading(word), wanted, "{word:?}");
            assert_eq!(number(word), value, "{word:?}");
        }
    }
}
