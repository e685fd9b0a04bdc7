//! When something was seen.

use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

use super::bounded_file;
use super::observation::Detected;

/// The file of a saved tree that says when it was saved.
const RECORDED_AT: &str = "recorded_at";

/// Gives everything that has no time yet that of now; of a saved tree, that in its file `recorded_at`.
pub(super) fn stamp(root: &Path, found: &mut Detected) {
    let time = if root == Path::new("/") {
        Some(utc(SystemTime::now()))
    } else {
        recorded_at(root)
    };
    for seen in &mut found.observations {
        seen.time = seen.time.take().or_else(|| time.clone());
    }
    for fact in &mut found.facts {
        fact.time = fact.time.take().or_else(|| time.clone());
    }
}

fn recorded_at(root: &Path) -> Option<String> {
    let text = bounded_file::read(&root.join(RECORDED_AT), 64).ok()?;
    let time = text.trim();
    (!time.is_empty()).then(|| time.to_owned())
}

/// `2026-05-04T03:02:01Z`.
pub(super) fn utc(time: SystemTime) -> String {
    let seconds = time
        .duration_since(UNIX_EPOCH)
        .map_or(0, |since| since.as_secs());
    let (year, month, day) = date(seconds / 86_400);
    let (hour, minute, second) = (seconds / 3_600 % 24, seconds / 60 % 60, seconds % 60);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z")
}

/// The date so many days after 1970-01-01. Years are counted from March, so that a leap day ends one.
fn date(days: u64) -> (u64, u64, u64) {
    let days = days + 719_468;
    let era = days / 146_097;
    let of_era = days % 146_097;
    let year_of_era = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let from_march = (5 * of_year + 2) / 153;
    let day = of_year - (153 * from_march + 2) / 5 + 1;
    let month = if from_march < 10 {
        from_march + 3
    } else {
        from_march - 9
    };
    let year = year_of_era + era * 400 + u64::from(month <= 2);
    (year, month, day)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn dates() {
        for (seconds, text) in [
            (0, "1970-01-01T00:00:00Z"),
            (951_782_399, "2000-02-28T23:59:59Z"),
            (951_782_400, "2000-02-29T00:00:00Z"),
            (1_709_251_200, "2024-03-01T00:00:00Z"),
            (4_102_444_799, "2099-12-31T23:59:59Z"),
        ] {
            assert_eq!(utc(UNIX_EPOCH + Duration::from_secs(seconds)), text);
        }
    }
}
