//! How far a download is: a line for each file on its way and one for all of them, on a terminal only.

use std::fmt::Write as _;
use std::io::{self, IsTerminal, Write};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::thread;
use std::time::{Duration, Instant};

use crate::cache::{FileMeter, Meter, Step, size};

const INTERVAL: Duration = Duration::from_millis(150);
/// Lines for files; more of them on their way are counted.
const MOST_FILES: usize = 8;
const BAR: usize = 20;
const NARROWEST: usize = 40;

/// Shows how far a download is while `work` goes on; nothing where stderr is no terminal.
pub(in crate::cli) fn shown<T>(meter: &Meter, work: impl FnOnce() -> T) -> T {
    if !io::stderr().is_terminal() {
        return work();
    }
    thread::scope(|scope| {
        let (working, end) = channel::<()>();
        scope.spawn(move || {
            let mut painter = Painter::new();
            while let Err(RecvTimeoutError::Timeout) = end.recv_timeout(INTERVAL) {
                painter.paint(meter);
            }
            painter.clear();
        });
        let done = work();
        drop(working);
        done
    })
}

struct Painter {
    began: Instant,
    lines: usize,
}

impl Painter {
    fn new() -> Painter {
        Painter {
            began: Instant::now(),
            lines: 0,
        }
    }

    fn paint(&mut self, meter: &Meter) {
        let columns = terminal_size::terminal_size_of(io::stderr());
        let columns = columns
            .map_or(80, |(width, _)| usize::from(width.0))
            .max(NARROWEST);
        let lines = lines(meter, self.began.elapsed(), columns);
        let mut text = self.back();
        for line in &lines {
            text.push_str(line);
            text.push('\n');
        }
        self.lines = lines.len();
        write(&text);
    }

    /// To where the first line begins, with everything behind it cleared.
    fn back(&self) -> String {
        match self.lines {
            0 => String::new(),
            lines => format!("\x1b[{lines}A\x1b[J"),
        }
    }

    fn clear(&mut self) {
        write(&self.back());
        self.lines = 0;
    }
}

fn write(text: &str) {
    let mut stderr = io::stderr().lock();
    let _ = stderr.write_all(text.as_bytes());
    let _ = stderr.flush();
}

fn lines(meter: &Meter, passed: Duration, columns: usize) -> Vec<String> {
    let on_their_way = |file: &&FileMeter| !matches!(file.step(), Step::Waiting | Step::Done);
    let active: Vec<&FileMeter> = meter.files.iter().filter(on_their_way).collect();
    let mut lines: Vec<String> = Vec::new();
    for file in active.iter().take(MOST_FILES) {
        let doing = match file.step() {
            Step::Elsewhere => " (another process fetches it)",
            Step::Checking => " (checked)",
            _ => "",
        };
        lines.push(line(
            &format!("{}{doing}", file.path),
            file.done(),
            file.size,
            "",
            columns,
        ));
    }
    let finished = meter
        .files
        .iter()
        .filter(|file| file.step() == Step::Done)
        .count();
    let name = format!("{finished} of {} files", meter.files.len());
    let speed = meter.fetched() as f64 / passed.as_secs_f64().max(0.001);
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a speed has few digits"
    )]
    let speed = speed as u64;
    let left = meter.size().saturating_sub(meter.done());
    let mut rest = format!(", {}/s", size(speed));
    if let Some(seconds) = left.checked_div(speed) {
        let _ = write!(rest, ", {} left", duration(seconds));
    }
    lines.push(line(&name, meter.done(), meter.size(), &rest, columns));
    lines
}

/// `name  [####----]  1.0 GiB of 2.0 GiB`, in so many columns.
fn line(name: &str, done: u64, all: u64, rest: &str, columns: usize) -> String {
    let filled = usize::try_from(u128::from(done) * BAR as u128 / u128::from(all.max(1)));
    let filled = filled.unwrap_or(BAR).min(BAR);
    let bar = format!("[{}{}]", "#".repeat(filled), "-".repeat(BAR - filled));
    let figures = format!("{bar} {} of {}{rest}", size(done), size(all));
    let room = columns.saturating_sub(figures.chars().count() + 2);
    let length = name.chars().count();
    // The end of a name tells files apart.
    let name: String = match length > room {
        true => "…"
            .chars()
            .chain(name.chars().skip(length - room.saturating_sub(1)))
            .collect(),
        false => name.to_owned(),
    };
    let line = format!("{name:room$} {figures}");
    line.chars().take(columns.saturating_sub(1)).collect()
}

fn duration(seconds: u64) -> String {
    match seconds {
        0..60 => format!("{seconds} s"),
        60..3600 => format!("{} min", seconds.div_ceil(60)),
        _ => format!("{} h {} min", seconds / 3600, seconds / 60 % 60),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_has_its_columns() {
        let text = line("model-00001-of-00004.safetensors", 1 << 30, 2 << 30, "", 80);
        assert_eq!(
            text,
            "model-00001-of-00004.safetensors      [##########----------] 1.0 GiB of 2.0 GiB"
        );
        let narrow = line("model-00001-of-00004.safetensors", 0, 2 << 30, "", 60);
        assert!(
            narrow.starts_with('…') && narrow.chars().count() < 60,
            "{narrow}"
        );
        assert_eq!(duration(59), "59 s");
        assert_eq!(duration(61), "2 min");
        assert_eq!(duration(3700), "1 h 1 min");
    }
}
