//! The machine to decide for: named by flags, or as detection saw it.

use crate::detect::{Detected, Device, Fact, Level, Observation};

/// What is known of a machine before the rules look at it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MachineFacts {
    /// Hardware named by a flag, in the spelling of the catalog where it has it.
    pub hardware: Option<String>,
    /// GPUs named by a flag.
    pub gpus: Option<u32>,
    /// Whether that is only the count that the request asks for, because no flag names the machine's own.
    pub gpus_as_asked: bool,
    /// What was seen.
    pub detected: Option<Detected>,
    /// Where this comes from: `flags`, `this machine`, a file.
    pub source: String,
    /// Whether plans will run here, so that this machine's group ids fit.
    pub here: bool,
}

impl MachineFacts {
    /// A machine named by flags.
    pub fn named(hardware: &str, gpus: Option<u32>) -> MachineFacts {
        MachineFacts {
            hardware: Some(hardware.trim().to_owned()),
            gpus,
            source: "flags".to_owned(),
            ..MachineFacts::default()
        }
    }

    /// Whether anything is known from which a decision can be made.
    pub fn is_empty(&self) -> bool {
        let seen = self.detected.as_ref().and_then(Detected::devices);
        self.hardware.is_none() && seen.is_none_or(<[_]>::is_empty)
    }

    /// The levels above the host at which the visible GPUs are limited.
    pub fn limits(&self) -> impl Iterator<Item = &Observation> {
        self.observations()
            .filter(|seen| seen.level != Level::Host && seen.visible.is_some())
    }

    /// The sources that list devices by numbers that all share.
    pub fn listings(&self) -> impl Iterator<Item = &Observation> {
        self.observations()
            .filter(|seen| seen.devices.is_some() && !seen.own_numbers)
    }

    /// The sources whose devices have numbers of their own, and of which that does not matter: they list as many as
    /// there are, and all are alike.
    pub fn listings_of_alike(&self) -> impl Iterator<Item = &Observation> {
        let detected = self.detected.as_ref();
        let numbered = detected.and_then(Detected::devices).map(<[_]>::len);
        self.observations().filter(move |seen| {
            let devices = seen.devices.as_deref().unwrap_or_default();
            let kind = |device: &Device| {
                let id = device.pci_id.clone();
                (id, device.compute_units, device.vram_mib)
            };
            let first = devices.first().map(kind);
            seen.own_numbers
                && Some(devices.len()) == numbered
                && devices.iter().all(|device| Some(kind(device)) == first)
        })
    }

    /// What was seen beside the devices.
    pub fn facts(&self) -> &[Fact] {
        let detected = self.detected.as_ref();
        detected.map_or(&[], |detected| detected.facts.as_slice())
    }

    fn observations(&self) -> impl Iterator<Item = &Observation> {
        let detected = self.detected.as_ref();
        detected
            .map(|detected| detected.observations.as_slice())
            .unwrap_or_default()
            .iter()
    }
}
