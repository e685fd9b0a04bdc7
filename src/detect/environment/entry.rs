//! One entry of a list of visible devices.

/// What an entry names, before it is known which devices there are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Entry {
    /// A number in what the level below leaves.
    Index(usize),
    /// A device's UUID, or a part of it.
    Uuid(String),
    /// Nothing: the list ends before it.
    Invalid,
}

/// As ROCr reads it: blanks around it do not count, upper and lower case are the same, and numbers
/// are C's (`strtol` with base 0), so that `0x2` is 2 and `010` is 8.
pub(super) fn of_rocr(text: &str) -> Entry {
    let text = text.trim_ascii().to_ascii_uppercase();
    if text.starts_with('G') {
        return Entry::Uuid(text);
    }
    match c_number(&text) {
        Some(index) => Entry::Index(index),
        None => Entry::Invalid,
    }
}

/// As HIP reads it: a number must be written as HIP would write it, without blanks, sign or zeros
/// before it.
pub(super) fn of_hip(text: &str) -> Entry {
    if text.contains("GPU-") {
        return Entry::Uuid(text.to_owned());
    }
    match text.parse::<usize>() {
        Ok(index) if index.to_string() == text => Entry::Index(index),
        _ => Entry::Invalid,
    }
}

/// The long form of a UUID, `GPU-` and 8-4-4-4-12 hexadecimal digits, which ROCm 7 documents. The
/// driver's number does not say what it is for a device.
pub(super) fn is_long_uuid(text: &str) -> bool {
    let Some(body) = text
        .get(..4)
        .filter(|prefix| prefix.eq_ignore_ascii_case("GPU-"))
        .and_then(|_| text.get(4..))
    else {
        return false;
    };
    let groups: Vec<&str> = body.split('-').collect();
    groups.len() == 5
        && body.len() <= 36
        && groups
            .iter()
            .all(|group| !group.is_empty() && group.bytes().all(|b| b.is_ascii_hexdigit()))
}

fn c_number(text: &str) -> Option<usize> {
    let digits = text.strip_prefix('+').unwrap_or(text);
    if let Some(hexadecimal) = digits.strip_prefix("0X") {
        return all_digits(hexadecimal, 16);
    }
    match digits.strip_prefix('0') {
        Some("") => Some(0),
        Some(octal) => all_digits(octal, 8),
        None => all_digits(digits, 10),
    }
}

fn all_digits(text: &str, radix: u32) -> Option<usize> {
    // `from_str_radix` would take a sign here.
    if !text.chars().all(|digit| digit.is_digit(radix)) {
        return None;
    }
    usize::from_str_radix(text, radix).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rocr_reads_numbers_as_c_does() {
        for (text, entry) in [
            ("0", Entry::Index(0)),
            (" 3\t", Entry::Index(3)),
            ("+1", Entry::Index(1)),
            ("0x1f", Entry::Index(31)),
            ("010", Entry::Index(8)),
            ("08", Entry::Invalid),
            ("0x", Entry::Invalid),
            ("++1", Entry::Invalid),
            ("1 2", Entry::Invalid),
            ("-1", Entry::Invalid),
            ("", Entry::Invalid),
            ("99999999999999999999999", Entry::Invalid),
            ("gpu-0a", Entry::Uuid("GPU-0A".into())),
            ("٣", Entry::Invalid),
        ] {
            assert_eq!(of_rocr(text), entry, "{text:?}");
        }
    }

    #[test]
    fn hip_reads_numbers_only_as_it_writes_them() {
        for (text, entry) in [
            ("0", Entry::Index(0)),
            (" 1", Entry::Invalid),
            ("01", Entry::Invalid),
            ("+1", Entry::Invalid),
            ("-1", Entry::Invalid),
            ("0x1", Entry::Invalid),
            ("", Entry::Invalid),
            ("GPU-0a", Entry::Uuid("GPU-0a".into())),
            ("gpu-0a", Entry::Invalid),
        ] {
            assert_eq!(of_hip(text), entry, "{text:?}");
        }
    }

    #[test]
    fn long_uuids() {
        assert!(is_long_uuid("GPU-4b2c1a9f-8d3e-6f7a-b5c9-2e4d8a1f6c3b"));
        assert!(is_long_uuid("gpu-4B2C1A9F-8D3E-6F7A-B5C9-2E4D8A1F6C3B"));
        assert!(!is_long_uuid("GPU-4b2c1a9f8d3e6f7a"));
        assert!(!is_long_uuid("GPU-é"));
        assert!(!is_long_uuid("GPU-a-b-c-d-"));
    }
}
