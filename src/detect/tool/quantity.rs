//! Numbers and sizes as tools print them.

/// The text, unless it says that nothing is known.
pub(in crate::detect) fn known(text: &str) -> Option<&str> {
    let text = text.trim().trim_matches('"').trim();
    let lower = text.to_ascii_lowercase();
    let unknown = text.is_empty()
        || [
            "n/a",
            "none",
            "unknown",
            "not supported",
            "<redacted",
            "max uint",
        ]
        .iter()
        .any(|word| lower.starts_with(word));
    (!unknown).then_some(text)
}

/// A whole number; with a sign, a unit or digits after a point it is none.
pub(in crate::detect) fn number(text: &str) -> Option<u32> {
    known(text)?.parse().ok()
}

/// A size in MiB. `amd-smi` says MB and means MiB, as its figures of known GPUs show. `unit` counts where none is
/// written.
pub(in crate::detect) fn mib(text: &str, unit: &str) -> Option<u64> {
    let text = known(text)?;
    let digits = text
        .find(|c: char| !(c.is_ascii_digit() || c == '.'))
        .unwrap_or(text.len());
    let (amount, written) = text.split_at_checked(digits)?;
    let written = match written.trim() {
        "" => unit,
        written => written,
    };
    let shift = match written.to_ascii_lowercase().as_str() {
        "b" | "bytes" => -20,
        "kb" | "kib" => -10,
        "mb" | "mib" => 0,
        "gb" | "gib" => 10,
        "tb" | "tib" => 20,
        _ => return None,
    };
    if let Ok(whole) = amount.parse::<u64>() {
        return match shift {
            0.. => whole.checked_mul(1 << shift),
            _ => Some(whole >> -shift),
        };
    }
    let amount: f64 = amount.parse().ok()?;
    let mib = amount * 2_f64.powi(shift);
    // What does not fit is no size of a memory.
    (mib.is_finite() && (0.0..1e15).contains(&mib)).then_some(mib as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes() {
        for (text, size) in [
            ("196592 MB", Some(196_592)),
            ("196592MB", Some(196_592)),
            ("287.7 GiB", Some(294_604)),
            ("206141652992", Some(196_592)),
            ("268419072 KB", Some(262_128)),
            ("1.5 GB", Some(1536)),
            ("0.0 B", Some(0)),
            ("N/A", None),
            ("n/a MB", None),
            ("-5 MB", None),
            ("5 %", None),
            ("1.2.3 MB", None),
            ("", None),
            ("99999999999999999999 TB", None),
            ("18446744073709551615 TB", None),
            ("٣ MB", None),
        ] {
            assert_eq!(mib(text, "B"), size, "{text:?}");
        }
    }

    #[test]
    fn what_is_not_known_is_nothing() {
        for text in [
            "N/A",
            "n/a",
            "N/A (Secondary die)",
            " ",
            "None",
            "<redacted>",
        ] {
            assert_eq!(known(text), None, "{text:?}");
        }
        assert_eq!(known(" \"MI300X\" "), Some("MI300X"));
        assert_eq!(number("7"), Some(7));
        assert_eq!(number("-1"), None);
        assert_eq!(number("4294967296"), None);
    }
}
