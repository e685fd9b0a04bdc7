//! Turns the numbers of the KFD into the names that people and tools use.

/// `90402` → `gfx942`, `90010` → `gfx90a`: major × 10000 + minor × 100 + stepping, the last two
/// written as one hexadecimal digit each. None for a number that has no such form.
pub(super) fn gfx(target_version: u64) -> Option<String> {
    let major = target_version / 10_000;
    let minor = target_version / 100 % 100;
    let stepping = target_version % 100;
    (major > 0 && major < 100 && minor < 16 && stepping < 16)
        .then(|| format!("gfx{major}{minor:x}{stepping:x}"))
}

/// `domain:bus:device.function` of a location, whose low 16 bits are bus, device and function.
pub(super) fn location(domain: u64, location_id: u64) -> String {
    let bus = location_id >> 8 & 0xff;
    let device = location_id >> 3 & 0x1f;
    let function = location_id & 0x7;
    format!("{domain:04x}:{bus:02x}:{device:02x}.{function}")
}

/// The form that ROCr prints and reads: 16 lower-case hexadecimal digits. A chip without an id has 0.
pub(super) fn uuid(unique_id: u64) -> Option<String> {
    (unique_id != 0).then(|| format!("GPU-{unique_id:016x}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gfx_targets() {
        for (version, name) in [
            (90402, Some("gfx942")),
            (90010, Some("gfx90a")),
            (90500, Some("gfx950")),
            (90008, Some("gfx908")),
            (100306, Some("gfx1036")),
            (110501, Some("gfx1151")),
            (120001, Some("gfx1201")),
            (0, None),
            (9, None),
            (91600, None),
            (90016, None),
            (u64::MAX, None),
        ] {
            assert_eq!(gfx(version).as_deref(), name, "{version}");
        }
    }

    #[test]
    fn locations() {
        assert_eq!(location(0, 25344), "0000:63:00.0");
        assert_eq!(location(0, 2561), "0000:0a:00.1");
        assert_eq!(location(2, 0xffff), "0002:ff:1f.7");
    }

    #[test]
    fn uuids_have_leading_zeros() {
        assert_eq!(
            uuid(598046273873802902).as_deref(),
            Some("GPU-084cafeae17e7696")
        );
        assert_eq!(uuid(0), None);
    }
}
