//! Trying again: politely, and not for ever.

use std::thread;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use super::HubError;

/// How often and how long to try again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Patience {
    /// Tries in a row that bring nothing.
    pub tries: u32,
    /// The first wait; each further one is twice as long.
    pub first_wait: Duration,
    /// The longest wait that the hub may ask for.
    pub longest_wait: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Patience {
            tries: 5,
            first_wait: Duration::from_millis(500),
            longest_wait: Duration::from_secs(300),
        }
    }
}

/// The tries of one undertaking.
#[derive(Debug)]
pub(crate) struct Tries {
    patience: Patience,
    failed: u32,
}

impl Patience {
    pub(crate) fn tries(self) -> Tries {
        Tries {
            patience: self,
            failed: 0,
        }
    }
}

impl Tries {
    /// Something came: what failed before does not count any more.
    pub fn begin_again(&mut self) {
        self.failed = 0;
    }

    /// Waits before the next try; gives the error back where there is none.
    pub fn wait(&mut self, error: HubError) -> Result<(), HubError> {
        self.failed += 1;
        let Some(wait) = self.next(&error) else {
            return Err(error);
        };
        if wait > Duration::from_secs(2) {
            tracing::warn!("{error}; trying again in {} s", wait.as_secs());
        } else {
            tracing::info!("{error}; trying again");
        }
        thread::sleep(wait);
        Ok(())
    }

    fn next(&self, error: &HubError) -> Option<Duration> {
        if !error.is_passing() || self.failed >= self.patience.tries {
            return None;
        }
        match error.asked_to_wait() {
            Some(wait) => (wait <= self.patience.longest_wait).then_some(wait),
            None => Some(spread(self.patience.first_wait * 2u32.pow(self.failed - 1))),
        }
    }
}

/// Up to a quarter more, so that many that failed together do not come back together.
fn spread(wait: Duration) -> Duration {
    let nanos = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |now| now.subsec_nanos());
    wait + wait.mul_f64(f64::from(nanos % 1000) / 4000.0)
}

/// What the header `Retry-After` says: seconds, or a date.
pub(super) fn retry_after(value: &str, now: SystemTime) -> Option<Duration> {
    if let Ok(seconds) = value.trim().parse() {
        return Some(Duration::from_secs(seconds));
    }
    let then = http_date(value.trim())?;
    let now = now.duration_since(UNIX_EPOCH).ok()?.as_secs();
    Some(Duration::from_secs(then.saturating_sub(now)))
}

/// Seconds since 1970 of `Sun, 06 Nov 1994 08:49:37 GMT`.
fn http_date(text: &str) -> Option<u64> {
    const MONTHS: [&str; 12] = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ];
    let mut words = text.split_once(", ")?.1.split(' ');
    let day: u64 = words.next()?.parse().ok()?;
    let month = words.next()?;
    let month = MONTHS.iter().position(|name| *name == month)? as u64 + 1;
    let year: u64 = words.next()?.parse().ok()?;
    let mut time = words.next()?.splitn(3, ':');
    let mut part = || time.next()?.parse::<u64>().ok();
    let (hours, minutes, seconds) = (part()?, part()?, part()?);
    // Days since 1970, with years that begin in March.
    let (y, m) = if month > 2 {
        (year, month - 3)
    } else {
        (year.checked_sub(1)?, month + 9)
    };
    let days = 365 * y + y / 4 - y / 100 + y / 400 + (153 * m + 2) / 5 + day.checked_sub(1)?;
    let days = days.checked_sub(719_468)?;
    Some(days * 86_400 + hours * 3600 + minutes * 60 + seconds)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hub_says_how_long_to_wait() {
        let now = UNIX_EPOCH + Duration::from_secs(784_111_700);
        assert_eq!(retry_after("7", now), Some(Duration::from_secs(7)));
        let date = "Sun, 06 Nov 1994 08:49:37 GMT";
        assert_eq!(retry_after(date, now), Some(Duration::from_secs(77)));
        let later = now + Duration::from_secs(1000);
        assert_eq!(retry_after(date, later), Some(Duration::ZERO));
        for odd in [
            "soon",
            "Sun, 99",
            "x, 06 Nov 1 00:00:00 GMT",
            ", 0 Jan 1970 0:0:0",
            "-1",
        ] {
            assert_eq!(retry_after(odd, now), None, "{odd}");
        }
    }

    #[test]
    fn waits_grow_and_end() {
        let mut tries = Patience::default().tries();
        let passing = HubError::Server {
            status: 500,
            wait: None,
        };
        let mut waits = Vec::new();
        for failed in 1..=5 {
            tries.failed = failed;
            waits.push(tries.next(&passing));
        }
        assert!(waits[0] >= Some(Duration::from_millis(500)));
        assert!(waits[3] >= Some(Duration::from_secs(4)));
        assert_eq!(waits[4], None);
        tries.begin_again();
        tries.failed = 1;
        let wait = Some(Duration::from_secs(60));
        assert_eq!(tries.next(&HubError::Busy { wait }), wait);
        let wait = Some(Duration::from_secs(3600));
        assert_eq!(tries.next(&HubError::Busy { wait }), None);
    }
}
