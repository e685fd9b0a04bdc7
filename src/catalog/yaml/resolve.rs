//! Plain scalars by the YAML 1.2 core schema.

use super::tree::Scalar;

/// Reads a plain (unquoted) scalar: `yes` and `1_000` are text, `0x1F` is a number.
pub fn plain(text: &str) -> Scalar {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => return Scalar::Null,
        "true" | "True" | "TRUE" => return Scalar::Bool(true),
        "false" | "False" | "FALSE" => return Scalar::Bool(false),
        _ => {}
    }
    if !text.starts_with(|c: char| c.is_ascii_digit() || matches!(c, '-' | '+' | '.')) {
        return Scalar::Text(text.to_owned());
    }
    if let Some(value) = integer(text) {
        return Scalar::Int(value, text.to_owned());
    }
    if let Some(value) = float(text) {
        return Scalar::Float(value, text.to_owned());
    }
    Scalar::Text(text.to_owned())
}

fn integer(text: &str) -> Option<i64> {
    if let Some(digits) = text.strip_prefix("0x") {
        return i64::from_str_radix(digits, 16).ok().filter(|n| *n >= 0);
    }
    if let Some(digits) = text.strip_prefix("0o") {
        return i64::from_str_radix(digits, 8).ok().filter(|n| *n >= 0);
    }
    text.parse().ok()
}

fn float(text: &str) -> Option<f64> {
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
    let shaped = unsigned
        .chars()
        .all(|c| c.is_ascii_digit() || matches!(c, '.' | 'e' | 'E' | '-' | '+'));
    // Infinities and NaN are no quantity of ours; they stay text.
    if !shaped || !unsigned.contains(|c: char| c.is_ascii_digit()) {
        return None;
    }
    text.parse().ok().filter(|value: &f64| value.is_finite())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_scalars_follow_the_core_schema() {
        let int = |n, text: &str| Scalar::Int(n, text.into());
        let text = |text: &str| Scalar::Text(text.into());
        for (written, read) in [
            ("", Scalar::Null),
            ("~", Scalar::Null),
            ("True", Scalar::Bool(true)),
            ("yes", text("yes")),
            ("on", text("on")),
            ("8192", int(8192, "8192")),
            ("-1", int(-1, "-1")),
            ("0x1F", int(31, "0x1F")),
            ("0x-1", text("0x-1")),
            ("1_000", text("1_000")),
            ("1:30", text("1:30")),
            ("0.90", Scalar::Float(0.9, "0.90".into())),
            ("1e3", Scalar::Float(1000.0, "1e3".into())),
            (".5", Scalar::Float(0.5, ".5".into())),
            ("0.24.0", text("0.24.0")),
            (".inf", text(".inf")),
            ("1e999", text("1e999")),
            ("-", text("-")),
            ("32.8B", text("32.8B")),
        ] {
            assert_eq!(plain(written), read, "{written:?}");
        }
    }
}
