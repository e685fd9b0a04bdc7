//! Reads a whole list of visible devices against the devices that the level below leaves.

use super::entry::{self, Entry};
use crate::detect::observation::Device;

/// More entries than any machine has devices; a list may be longer only when the host is not known.
const MAX_ENTRIES: usize = 1024;

/// Which program reads the list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reader {
    Rocr,
    Hip,
}

/// The devices of a level, in the order in which the level above numbers them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Pool {
    members: Vec<Member>,
    /// The host's devices are not known: any number may be one of them.
    unbounded: bool,
    /// A device without a UUID here has none, rather than one that is not known.
    uuids_known: bool,
}

/// One device, as far as it is known which one.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Member {
    host_index: Option<u32>,
    uuid: Option<String>,
}

impl Pool {
    /// The host's devices.
    pub(super) fn of_host(devices: Option<&[Device]>) -> Self {
        let Some(devices) = devices else {
            return Self {
                unbounded: true,
                ..Self::default()
            };
        };
        let members = devices.iter().map(|device| Member {
            host_index: Some(device.index),
            uuid: device.uuid.clone(),
        });
        Self {
            members: members.collect(),
            unbounded: false,
            uuids_known: true,
        }
    }

    /// How many devices.
    pub(super) fn len(&self) -> u32 {
        u32::try_from(self.members.len()).unwrap_or(u32::MAX)
    }

    /// The host's numbers of all of them, when all are known.
    pub(super) fn host_indices(&self) -> Option<Vec<u32>> {
        self.members
            .iter()
            .map(|member| member.host_index)
            .collect()
    }

    fn at(&self, index: usize) -> Option<Member> {
        if self.unbounded {
            return Some(Member {
                host_index: Some(u32::try_from(index).ok()?),
                uuid: None,
            });
        }
        self.members.get(index).cloned()
    }
}

/// What a list leaves, and what is odd in it.
#[derive(Debug, Default)]
pub(super) struct Selected {
    pub(super) pool: Pool,
    pub(super) remarks: Vec<String>,
}

/// The devices that the list names, up to the first entry that names none. An empty list leaves none.
pub(super) fn select(reader: Reader, value: &str, pool: &Pool) -> Selected {
    let value = match reader {
        Reader::Rocr => value,
        Reader::Hip => without_quotes(value),
    };
    let mut selected = Selected::default();
    selected.pool.uuids_known = pool.uuids_known;
    if value.trim_ascii().is_empty() {
        return selected;
    }
    // Both readers ignore one comma at the end, and no more.
    let entries: Vec<&str> = value
        .strip_suffix(',')
        .unwrap_or(value)
        .split(',')
        .collect();
    for (place, text) in entries.iter().enumerate() {
        let after = entries.len() - place - 1;
        match next(reader, text, pool, &selected.pool) {
            Ok(Next::Add(member)) => selected.pool.members.push(member),
            Ok(Next::Unknown(member, remark)) => {
                selected.pool.members.push(member);
                selected.remarks.push(remark);
            }
            Ok(Next::Skip) => {}
            // `-1` at the end is how a list says that nothing follows.
            Err(_) if after == 0 && *text == "-1" => break,
            Err(why) => {
                selected.remarks.push(ends(text, &why, after));
                break;
            }
        }
        if selected.pool.members.len() >= MAX_ENTRIES {
            let remark = format!("was read up to {MAX_ENTRIES} devices");
            selected.remarks.push(remark);
            break;
        }
    }
    selected
}

/// Whether clr treats the value as if the variable were not set: quotation marks with nothing between.
/// (A value that is empty without quotes hides every device, since ROCm 5.5; before, HIP ignored it.)
pub(super) fn counts_as_unset(value: &str) -> bool {
    !value.is_empty() && without_quotes(value).is_empty()
}

enum Next {
    Add(Member),
    /// It may be a device, which cannot be told.
    Unknown(Member, String),
    Skip,
}

/// What one entry adds to what was `taken` before it, or why the list ends there.
fn next(reader: Reader, text: &str, pool: &Pool, taken: &Pool) -> Result<Next, String> {
    let entry = match reader {
        Reader::Rocr => entry::of_rocr(text),
        Reader::Hip => entry::of_hip(text),
    };
    let member = match entry {
        Entry::Invalid => return Err(invalid(reader, text)),
        Entry::Index(index) => pool
            .at(index)
            .ok_or_else(|| format!("is out of range: {}", left(pool)))?,
        Entry::Uuid(uuid) => match by_uuid(reader, &uuid, pool) {
            Err(_) if unmatchable(&uuid, pool) => return unknown(reader, &uuid, taken),
            matched => matched?,
        },
    };
    repeated(reader, &member, taken).map(|seen| seen.unwrap_or(Next::Add(member)))
}

fn invalid(reader: Reader, text: &str) -> String {
    let blanks = reader == Reader::Hip && entry::of_hip(text.trim_ascii()) != Entry::Invalid;
    let why = "is neither a device number nor a UUID";
    if blanks {
        return format!("{why} (HIP takes no blanks in the list)");
    }
    why.into()
}

/// A UUID that may be a device's counts as one, since the runtime would look for it.
fn unknown(reader: Reader, uuid: &str, taken: &Pool) -> Result<Next, String> {
    let uuid = uuid.to_ascii_lowercase();
    let remark = format!(
        "`{}` was counted as a device, but which one is not known",
        super::shown(&uuid)
    );
    let member = Member {
        host_index: None,
        uuid: Some(uuid),
    };
    repeated(reader, &member, taken).map(|seen| seen.unwrap_or(Next::Unknown(member, remark)))
}

/// ROCr ends the list at a device that it already has; HIP leaves the second one out and goes on.
fn repeated(reader: Reader, member: &Member, taken: &Pool) -> Result<Option<Next>, String> {
    match (taken.members.contains(member), reader) {
        (false, _) => Ok(None),
        (true, Reader::Hip) => Ok(Some(Next::Skip)),
        (true, Reader::Rocr) => Err("repeats a device".into()),
    }
}

/// Whether it cannot be said if the UUID is one of the pool's: theirs are not known, or it has the long
/// form.
fn unmatchable(uuid: &str, pool: &Pool) -> bool {
    let looks_right = uuid.len() > 4 && uuid.starts_with("GPU-");
    let some = pool.unbounded || !pool.members.is_empty();
    some && ((looks_right && !pool.uuids_known) || entry::is_long_uuid(uuid))
}

/// ROCr takes the beginning of one device's UUID, without regard to case, and only when no second one
/// begins the same; HIP takes the first whose UUID has the text in it, case and all.
fn by_uuid(reader: Reader, uuid: &str, pool: &Pool) -> Result<Member, String> {
    let known = |member: &&Member| match (&member.uuid, reader) {
        (None, _) => false,
        (Some(whole), Reader::Rocr) => whole.to_ascii_uppercase().starts_with(uuid),
        (Some(whole), Reader::Hip) => whole.contains(uuid),
    };
    let mut matching = pool.members.iter().filter(known);
    let first = matching
        .next()
        .filter(|_| reader == Reader::Hip || uuid.len() > "GPU-".len())
        .ok_or("is the UUID of no device")?;
    if reader == Reader::Rocr && matching.next().is_some() {
        return Err("is the UUID of more than one device".into());
    }
    Ok(first.clone())
}

fn left(pool: &Pool) -> String {
    match pool.len() {
        0 => "there is no device".into(),
        1 => "there is 1 device, number 0".into(),
        count => format!("there are {count} devices, from 0"),
    }
}

fn ends(text: &str, why: &str, after: usize) -> String {
    let text = super::shown(text);
    let rest = match after {
        0 => String::new(),
        1 => ", and the entry after it is not read".into(),
        _ => format!(", and the {after} entries after it are not read"),
    };
    format!("`{text}` {why}: the list ends before it{rest}")
}

/// clr takes off quotation marks around a value, as files of variables often have them.
fn without_quotes(value: &str) -> &str {
    value
        .trim_matches(' ')
        .strip_prefix('"')
        .and_then(|rest| rest.strip_suffix('"'))
        .unwrap_or(value)
}
