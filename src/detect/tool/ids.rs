//! Ids as tools print them, in one form each.

use super::quantity::known;

/// A PCI device or vendor id as four digits: `0x74a1`, `74A1`, `29857`, `29857(0x74a1)`.
pub(in crate::detect) fn pci_id(text: &str) -> Option<String> {
    let text = known(text)?.trim_end_matches(',');
    let text = match text.split_once('(') {
        Some((_, inside)) => inside.trim_end_matches(')'),
        None => text,
    };
    let prefixed = text.strip_prefix("0x").or_else(|| text.strip_prefix("0X"));
    let id = match prefixed {
        Some(digits) => hexadecimal(digits)?,
        // Five digits are too many for hexadecimal ones.
        None if text.len() == 5 => text.parse::<u16>().ok()?,
        None if text.len() == 4 => hexadecimal(text)?,
        None => return None,
    };
    Some(format!("{id:04x}"))
}

fn hexadecimal(digits: &str) -> Option<u16> {
    // `from_str_radix` would take a sign here.
    if !digits.bytes().all(|digit| digit.is_ascii_hexdigit()) {
        return None;
    }
    u16::from_str_radix(digits, 16).ok()
}

/// `domain:bus:device.function`, in lower case; none without the domain, since who knows which it is.
pub(in crate::detect) fn location(text: &str) -> Option<String> {
    let text = known(text)?.to_ascii_lowercase();
    let (rest, function) = text.split_once('.')?;
    let parts: Vec<&str> = rest.split(':').collect();
    let [domain, bus, device] = parts[..] else {
        return None;
    };
    let number = |digits: &str, most: usize| -> Option<u32> {
        let right = (1..=most).contains(&digits.len())
            && digits.bytes().all(|digit| digit.is_ascii_hexdigit());
        right.then(|| u32::from_str_radix(digits, 16).ok())?
    };
    let (domain, bus) = (number(domain, 8)?, number(bus, 2)?);
    let (device, function) = (number(device, 2)?, number(function, 1)?);
    Some(format!("{domain:04x}:{bus:02x}:{device:02x}.{function}"))
}

/// The driver's number for a chip, which tools print in hexadecimal.
pub(in crate::detect) fn unique_id(text: &str) -> Option<u64> {
    let text = known(text)?;
    let digits = text
        .strip_prefix("0x")
        .or_else(|| text.strip_prefix("0X"))
        .or_else(|| text.strip_prefix("GPU-"))?;
    let right =
        (1..=16).contains(&digits.len()) && digits.bytes().all(|digit| digit.is_ascii_hexdigit());
    let id = right.then(|| u64::from_str_radix(digits, 16).ok())??;
    (id != 0 && id != u64::MAX).then_some(id)
}

/// `gfx90a`. `rocm-smi` 6 writes the last two digits in decimal (`gfx9010`), and `rocminfo` what the code may assume
/// (`gfx942:sramecc+:xnack-`).
pub(in crate::detect) fn target(text: &str) -> Option<String> {
    let text = known(text)?.to_ascii_lowercase();
    let name = text.split(':').next().unwrap_or_default();
    let digits = name.strip_prefix("gfx")?;
    if !(3..=5).contains(&digits.len()) || !digits.bytes().all(|digit| digit.is_ascii_hexdigit()) {
        return None;
    }
    match digits.strip_prefix("90").map(str::parse::<u8>) {
        Some(Ok(stepping @ 10..16)) => Some(format!("gfx90{stepping:x}")),
        _ => Some(format!("gfx{digits}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pci_ids() {
        for (text, id) in [
            ("0x74a1", Some("74a1")),
            ("0x74A1,", Some("74a1")),
            ("74a1", Some("74a1")),
            ("29857", Some("74a1")),
            ("29861(0x74a5)", Some("74a5")),
            ("0xc34", Some("0c34")),
            ("0x", None),
            ("0x174a1", None),
            ("99999", None),
            ("N/A", None),
            ("+4a1", None),
            ("MI300X", None),
        ] {
            assert_eq!(pci_id(text).as_deref(), id, "{text:?}");
        }
    }

    #[test]
    fn locations() {
        for (text, place) in [
            ("0000:2F:00.0", Some("0000:2f:00.0")),
            ("0001:01:00.7", Some("0001:01:00.7")),
            ("10000:01:00.7", Some("10000:01:00.7")),
            ("2f:00.0", None),
            ("0000:2f:00", None),
            ("N/A", None),
            ("0000:2f:00.0.1", None),
            (":::.", None),
        ] {
            assert_eq!(location(text).as_deref(), place, "{text:?}");
        }
    }

    #[test]
    fn targets() {
        for (text, name) in [
            ("gfx942", Some("gfx942")),
            ("gfx9010", Some("gfx90a")),
            ("gfx90a", Some("gfx90a")),
            ("gfx908", Some("gfx908")),
            ("gfx1151", Some("gfx1151")),
            ("gfx942:sramecc+:xnack-", Some("gfx942")),
            ("GFX950", Some("gfx950")),
            ("gfx", None),
            ("gfx9-4-generic", None),
            ("N/A", None),
        ] {
            assert_eq!(target(text).as_deref(), name, "{text:?}");
        }
    }

    #[test]
    fn unique_ids() {
        assert_eq!(unique_id("0x719d230578348e8c"), Some(0x719d_2305_7834_8e8c));
        assert_eq!(
            unique_id("GPU-9f444a2fb30adeb0"),
            Some(0x9f44_4a2f_b30a_deb0)
        );
        for text in ["N/A", "0x0", "0xffffffffffffffff", "GPU-XX", "12", "0x+1"] {
            assert_eq!(unique_id(text), None, "{text:?}");
        }
    }
}
