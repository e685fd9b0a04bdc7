//! One numbering for all sources: each device that a source shows gets the number of the host's device that
//! it is.
//!
//! Tools number devices by their places on the bus, ROCm in the order of the driver's nodes. What tells that
//! two are the same is something that only one device has: its place on the bus, its node, its id.

use super::observation::{Detected, Device};

/// What may tell a device, the surest first.
const KEYS: [fn(&Device) -> Option<String>; 6] = [
    |device| device.node.map(|node| node.to_string()),
    |device| device.location.as_deref().map(str::to_ascii_lowercase),
    |device| device.gpu_id.map(|id| id.to_string()),
    |device| device.drm_render_minor.map(|minor| minor.to_string()),
    |device| device.uuid.as_deref().map(str::to_ascii_lowercase),
    |device| device.unique_id.clone(),
];

/// Numbers the devices of all sources as the first source does; those that it does not have come after.
pub(super) fn number_alike(found: &mut Detected) {
    let Some(reference) = found
        .numbering()
        .and_then(|seen| Some((seen.source.clone(), seen.devices.clone()?)))
    else {
        return;
    };
    let (source, reference) = reference;
    for seen in &mut found.observations {
        let same = seen.source == source;
        let Some(devices) = seen.devices.as_mut().filter(|_| !same) else {
            continue;
        };
        match places(devices, &reference) {
            Some(places) => {
                for (device, place) in devices.iter_mut().zip(places) {
                    device.index = place;
                }
                devices.sort_by_key(|device| device.index);
            }
            None => seen.own_numbers = true,
        }
    }
}

/// Numbers devices from 0 in the order of their keys, where all have one and no two the same; else from 0 as they
/// stand.
pub(super) fn renumber(devices: &mut [Device], keys: Option<Vec<u32>>) {
    let mut places: Vec<usize> = (0..devices.len()).collect();
    if let Some(keys) = keys.filter(|keys| keys.len() == devices.len()) {
        let mut unlike = keys.clone();
        unlike.sort_unstable();
        unlike.dedup();
        if unlike.len() == keys.len() {
            places.sort_by_key(|place| keys.get(*place));
        }
    }
    for (number, place) in (0..).zip(places) {
        if let Some(device) = devices.get_mut(place) {
            device.index = number;
        }
    }
    devices.sort_by_key(|device| device.index);
}

/// The number of each device; nothing where not even one can be told.
fn places(devices: &[Device], reference: &[Device]) -> Option<Vec<u32>> {
    let matched: Vec<Option<u32>> = devices
        .iter()
        .map(|device| same_as(device, devices, reference))
        .collect();
    // Without a key that tells devices apart on both sides, who knows which is which.
    let apart = |devices: &[Device], key: &fn(&Device) -> Option<String>| {
        devices.iter().any(|device| {
            let mine = key(device);
            let same = devices.iter().filter(|one| key(one) == mine);
            mine.is_some() && same.count() == 1
        })
    };
    let comparable = || {
        KEYS.iter()
            .any(|key| apart(devices, key) && apart(reference, key))
    };
    let some = !devices.is_empty() && !reference.is_empty();
    if some && matched.iter().all(Option::is_none) && !comparable() {
        return None;
    }
    let mut next = reference.iter().map(|one| one.index + 1).max().unwrap_or(0);
    let mut taken = Vec::new();
    let places = matched.into_iter().map(|place| match place {
        Some(place) if !taken.contains(&place) => {
            taken.push(place);
            place
        }
        _ => {
            next += 1;
            next - 1
        }
    });
    Some(places.collect())
}

/// The number of the device of the reference that this one is.
fn same_as(device: &Device, all: &[Device], reference: &[Device]) -> Option<u32> {
    KEYS.iter().find_map(|key| {
        let mine = key(device)?;
        // Partitions and dies of a board may share it, and then it tells nothing.
        let shared = |devices: &[Device]| {
            let same = devices
                .iter()
                .filter(|one| key(one).as_ref() == Some(&mine));
            same.count() > 1
        };
        if shared(all) || shared(reference) {
            return None;
        }
        let same = reference
            .iter()
            .find(|one| key(one).as_ref() == Some(&mine));
        same.map(|one| one.index)
    })
}
