//! The facts that detection finds, in the form that `detect --format json` prints and `--host` reads.

use serde::{Deserialize, Serialize};

/// Where a count of devices was seen. The smallest of the three is what an engine can use.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// The kernel driver.
    Host,
    /// What the lowest user-space layer (ROCr) leaves to everything in this container or session.
    Container,
    /// What the HIP runtime leaves to one process.
    Runtime,
}

impl Level {
    /// Its name, as rules and saved facts have it.
    pub fn name(self) -> &'static str {
        match self {
            Level::Host => "host",
            Level::Container => "container",
            Level::Runtime => "runtime",
        }
    }
}

/// The source that lists devices without their driver.
pub(super) const ON_THE_BUS: &str = "pci";
/// The sources that list boards.
const OF_BOARDS: [&str; 2] = ["drm", ON_THE_BUS];

/// Everything that was found on one machine.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, expecting = "an object")]
pub struct Detected {
    /// The machine's name, where it has one.
    #[serde(default)]
    pub host: Option<String>,
    /// What each source saw.
    pub observations: Vec<Observation>,
    /// What was seen of the machine beside its devices.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub facts: Vec<Fact>,
    /// What could not be read, and what contradicts what.
    #[serde(default)]
    pub problems: Vec<Problem>,
    /// Every place that was looked at, whether or not anything was there.
    #[serde(default)]
    pub looked_at: Vec<String>,
}

/// What one source saw at one level: the devices themselves, or how many of them are visible.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, expecting = "an object")]
pub struct Observation {
    /// The level.
    pub level: Level,
    /// The source: `kfd`, `amd-smi`, `environment`.
    pub source: String,
    /// The path, the command, or the variable with its value.
    pub origin: String,
    /// When it was seen, in UTC (`2026-05-04T03:02:01Z`); absent where a saved tree does not say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub time: Option<String>,
    /// The devices, in the order of the operating system.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub devices: Option<Vec<Device>>,
    /// How many devices this source leaves visible.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub visible: Option<u32>,
    /// Which ones, in the order in which the program sees them: always the host's own numbers
    /// ([`Device::index`]), also where the variable counts in what the level below leaves. Absent
    /// when that is not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub indices: Option<Vec<u32>>,
    /// Whether the devices' numbers are only this source's own, since nothing tells which of the host's
    /// devices they are.
    #[serde(default, skip_serializing_if = "is_false")]
    pub own_numbers: bool,
}

fn is_false(value: &bool) -> bool {
    !value
}

impl Observation {
    /// What a source saw that lists devices.
    pub(super) fn of_devices(
        level: Level,
        source: &str,
        origin: impl Into<String>,
        devices: Vec<Device>,
    ) -> Observation {
        Observation {
            level,
            source: source.to_owned(),
            origin: origin.into(),
            time: None,
            devices: Some(devices),
            visible: None,
            indices: None,
            own_numbers: false,
        }
    }

    /// How many devices this source saw.
    pub fn count(&self) -> Option<u32> {
        self.visible.or_else(|| {
            let devices = self.devices.as_ref()?;
            u32::try_from(devices.len()).ok()
        })
    }
}

/// One device as the operating system shows it: a board, a die of a board, or a partition.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, expecting = "an object")]
pub struct Device {
    /// Its number, from 0, as ROCm counts.
    pub index: u32,
    /// Where it was seen.
    #[serde(default)]
    pub origin: Option<String>,
    /// PCI vendor, four hexadecimal digits.
    #[serde(default)]
    pub pci_vendor: Option<String>,
    /// PCI device, four hexadecimal digits.
    #[serde(default)]
    pub pci_id: Option<String>,
    /// The target of its code: `gfx942`.
    #[serde(default)]
    pub gfx: Option<String>,
    /// Its memory; of a partition, the partition's own share.
    #[serde(default)]
    pub vram_mib: Option<u64>,
    /// The product name that the driver reads from the board.
    #[serde(default)]
    pub name: Option<String>,
    /// The driver's number for the chip, decimal, as text since JSON readers lose digits of 64 bits.
    /// The partitions of one GPU share it.
    #[serde(default)]
    pub unique_id: Option<String>,
    /// The form of `unique_id` that `ROCR_VISIBLE_DEVICES` takes.
    #[serde(default)]
    pub uuid: Option<String>,
    /// `128` for `/dev/dri/renderD128`.
    #[serde(default)]
    pub drm_render_minor: Option<u32>,
    /// PCI address; the last digit is the partition where the GPU is partitioned.
    #[serde(default)]
    pub location: Option<String>,
    /// Compute units.
    #[serde(default)]
    pub compute_units: Option<u32>,
    /// Accelerator dies that work as this device: of an MI300X 8 when whole, 1 in CPX mode.
    #[serde(default)]
    pub xcc_count: Option<u32>,
    /// CPU cores on the same node; more than 0 only for some processors with built-in graphics.
    #[serde(default)]
    pub cpu_cores: Option<u32>,
    /// The driver's number of its node in the topology.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub node: Option<u32>,
    /// The driver's own id of it, by which it names a process's memory (`GUID` of `rocm-smi`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gpu_id: Option<u32>,
    /// How its dies are divided: `SPX`, `DPX`, `CPX`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub compute_partition: Option<String>,
    /// How its memory is divided: `NPS1`, `NPS4`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub memory_partition: Option<String>,
    /// Which partition of its board it is, from 0.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub partition_id: Option<u32>,
    /// How much of its memory is in use.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub used_vram_mib: Option<u64>,
    /// How many processes use it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub processes: Option<u32>,
}

/// Something that was seen of the machine and not of one device.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, expecting = "an object")]
pub struct Fact {
    /// The level.
    pub level: Level,
    /// The source: `files`, `kernel`, `engine`.
    pub source: String,
    /// The path, the command, or the variable with its value.
    pub origin: String,
    /// When it was seen, as of [`Observation::time`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub time: Option<String>,
    /// What it is about: `/dev/kfd`, `numa_balancing`, `HIP_VISIBLE_DEVICES`.
    pub about: String,
    /// What is said of it: `state`, `value`, `free_mib`.
    pub property: String,
    /// What that is.
    pub value: FactValue,
}

/// A word or a number.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged, expecting = "a text or a whole number")]
pub enum FactValue {
    /// A number; units are in the property's name.
    Number(i64),
    /// A word.
    Text(String),
}

impl From<&str> for FactValue {
    fn from(text: &str) -> Self {
        FactValue::Text(text.to_owned())
    }
}

impl From<String> for FactValue {
    fn from(text: String) -> Self {
        FactValue::Text(text)
    }
}

impl From<i64> for FactValue {
    fn from(number: i64) -> Self {
        FactValue::Number(number)
    }
}

/// Something that could not be read, or that contradicts something else.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, expecting = "an object")]
pub struct Problem {
    /// The source.
    pub source: String,
    /// The file or the variable.
    pub origin: String,
    /// What is wrong, as a clause.
    pub says: String,
}

impl Detected {
    /// The devices whose numbers all others go by: of the host, as the first source that lists any tells
    /// them; where none does, of what a program of this session sees.
    pub fn devices(&self) -> Option<&[Device]> {
        self.numbering()?.devices.as_deref()
    }

    /// The observation that numbers the devices. A device on the bus is none without its driver.
    pub(super) fn numbering(&self) -> Option<&Observation> {
        let lists = |level: Level| {
            let mut listing = self.observations.iter().filter(move |seen| {
                seen.level == level && seen.devices.is_some() && seen.source != ON_THE_BUS
            });
            listing.next()
        };
        [Level::Host, Level::Container, Level::Runtime]
            .into_iter()
            .find_map(lists)
    }

    /// The smallest count that was seen at a level; none when nothing was seen there. Who lists boards, of which
    /// partitions are more, does not count.
    pub fn count(&self, level: Level) -> Option<u32> {
        self.observations
            .iter()
            .filter(|seen| seen.level == level && !OF_BOARDS.contains(&seen.source.as_str()))
            .filter_map(Observation::count)
            .min()
    }

    /// The host's numbers of the devices that are left after every level, in the order in which a
    /// program sees them; none when that is not known.
    pub fn usable_indices(&self) -> Option<Vec<u32>> {
        let restricted = self
            .observations
            .iter()
            .filter(|seen| seen.visible.is_some() && !seen.own_numbers)
            .max_by_key(|seen| seen.level);
        match restricted {
            Some(seen) => seen.indices.clone(),
            None => Some(self.devices()?.iter().map(|device| device.index).collect()),
        }
    }

    /// Nothing was seen at any level.
    pub fn is_empty(&self) -> bool {
        self.observations.is_empty()
    }

    /// Notes the version that a tool tells of the host's driver.
    pub(super) fn driver_version(&mut self, source: &str, origin: &str, version: &str) {
        self.facts.push(Fact {
            level: Level::Host,
            source: source.to_owned(),
            origin: origin.to_owned(),
            time: None,
            about: "amdgpu".to_owned(),
            property: "version".to_owned(),
            value: version.into(),
        });
    }

    pub(super) fn problem(&mut self, source: &str, origin: impl Into<String>, says: String) {
        self.problems.push(Problem {
            source: source.to_owned(),
            origin: origin.into(),
            says,
        });
    }
}
