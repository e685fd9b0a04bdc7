//! Numbers with units, as model cards give them: `32.8B`, `685B`, `135M`.

/// Reads a size in millions; `8x7B` and other forms that are no plain number give nothing.
pub fn millions(text: &str) -> Option<f64> {
    let text = text.trim();
    let unit = text.chars().next_back()?;
    let factor = match unit.to_ascii_uppercase() {
        'K' => 0.001,
        'M' => 1.0,
        'B' => 1_000.0,
        'T' => 1_000_000.0,
        digit if digit.is_ascii_digit() => 0.000_001,
        _ => return None,
    };
    let number = if unit.is_ascii_digit() {
        text
    } else {
        text.get(..text.len() - unit.len_utf8())?.trim_end()
    };
    let plain = number
        .chars()
        .all(|c| c.is_ascii_digit() || matches!(c, '.' | '_' | ','));
    if !plain {
        return None;
    }
    let value: f64 = number.replace(['_', ','], "").parse().ok()?;
    let millions = value * factor;
    (millions.is_finite() && millions > 0.0).then_some(millions)
}

#[cfg(test)]
mod tests {
    use super::millions;

    #[test]
    fn units_are_read() {
        for (text, value) in [
            ("32.8B", Some(32_800.0)),
            ("685B", Some(685_000.0)),
            ("135M", Some(135.0)),
            ("1T", Some(1_000_000.0)),
            ("7 B", Some(7_000.0)),
            ("32762123264", Some(32_762.123_264)),
            ("8x7B", None),
            ("<Size>", None),
            ("B", None),
            ("", None),
            ("-1B", None),
            ("0B", None),
        ] {
            match (millions(text), value) {
                (Some(found), Some(wanted)) => {
                    assert!((found - wanted).abs() < 1e-6, "{text}: {found}");
                }
                (found, wanted) => assert_eq!(found, wanted, "{text}"),
            }
        }
    }
}
