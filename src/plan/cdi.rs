//! GPUs by the names that a specification of the Container Device Interface (CDI) gives them.
//!
//! AMD's container toolkit writes that specification: `amd.com/gpu=N` is the N-th board in the order of
//! PCI addresses, with all of its partitions, and `amd.com/gpu=all` is every board. ROCm's own numbers
//! go by the kernel's nodes instead, one a partition, and count only what a container was given.

use std::collections::BTreeSet;

use serde::Serialize;

/// What a vendor's devices are called.
const KIND: &str = "amd.com/gpu";

/// GPUs that a container is given by CDI.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct CdiDevices {
    /// Qualified names, `amd.com/gpu=0`.
    pub names: Vec<String>,
    /// The numbers that the chosen GPUs have inside the container.
    pub visible: Vec<u32>,
}

impl CdiDevices {
    /// The names of the GPUs `ids`, which are numbers of the host.
    ///
    /// `seen` holds the number of each GPU of the host, in their order, with its PCI address
    /// (`0000:0c:00.1`, the last digit the partition). Where an address is not known, every GPU counts
    /// as a board of its own, in the same order.
    pub fn of(ids: &[u32], seen: &[(u32, Option<&str>)]) -> CdiDevices {
        if ids.is_empty() {
            return CdiDevices {
                names: vec![format!("{KIND}=all")],
                visible: Vec::new(),
            };
        }
        let Some(boards) = boards(ids, seen) else {
            let mut inside = ids.to_vec();
            inside.sort_unstable();
            return CdiDevices {
                names: inside.iter().map(|id| format!("{KIND}={id}")).collect(),
                visible: places(ids, &inside),
            };
        };
        let all: BTreeSet<&str> = boards.iter().map(|(_, board)| *board).collect();
        let given: BTreeSet<&str> = boards
            .iter()
            .filter(|(id, _)| ids.contains(id))
            .map(|(_, board)| *board)
            .collect();
        let names = all
            .iter()
            .enumerate()
            .filter(|(_, board)| given.contains(*board))
            .map(|(number, _)| format!("{KIND}={number}"))
            .collect();
        let inside: Vec<u32> = boards
            .iter()
            .filter(|(_, board)| given.contains(board))
            .map(|(id, _)| *id)
            .collect();
        CdiDevices {
            names,
            visible: places(ids, &inside),
        }
    }
}

/// Each GPU of the host with its board's address; none where some of them is not known.
fn boards<'a>(ids: &[u32], seen: &[(u32, Option<&'a str>)]) -> Option<Vec<(u32, &'a str)>> {
    let boards: Vec<(u32, &str)> = seen
        .iter()
        .map(|(id, address)| Some((*id, address.as_ref()?.rsplit_once('.')?.0)))
        .collect::<Option<_>>()?;
    let is_known = |id: &u32| boards.iter().any(|(known, _)| known == id);
    ids.iter().all(is_known).then_some(boards)
}

/// Where each of `ids` is among `inside`.
fn places(ids: &[u32], inside: &[u32]) -> Vec<u32> {
    ids.iter()
        .filter_map(|id| inside.iter().position(|there| there == id))
        .filter_map(|place| u32::try_from(place).ok())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::CdiDevices;

    fn names(devices: &CdiDevices) -> Vec<&str> {
        devices.names.iter().map(String::as_str).collect()
    }

    #[test]
    fn a_machine_that_was_not_seen_numbers_its_gpus_alike() {
        let devices = CdiDevices::of(&[4, 5], &[]);
        assert_eq!(names(&devices), ["amd.com/gpu=4", "amd.com/gpu=5"]);
        assert_eq!(devices.visible, [0, 1]);
        assert_eq!(names(&CdiDevices::of(&[], &[])), ["amd.com/gpu=all"]);
    }

    #[test]
    fn boards_are_numbered_by_their_addresses() {
        let seen = [
            (0, Some("0000:c1:00.0")),
            (1, Some("0000:05:00.0")),
            (2, Some("0000:26:00.0")),
        ];
        let devices = CdiDevices::of(&[0, 2], &seen);
        assert_eq!(names(&devices), ["amd.com/gpu=1", "amd.com/gpu=2"]);
        assert_eq!(devices.visible, [0, 1]);
    }

    #[test]
    fn a_board_comes_with_all_of_its_partitions() {
        let seen = [
            (0, Some("0000:05:00.0")),
            (1, Some("0000:05:00.1")),
            (2, Some("0000:26:00.0")),
            (3, Some("0000:26:00.1")),
        ];
        let devices = CdiDevices::of(&[3], &seen);
        assert_eq!(names(&devices), ["amd.com/gpu=1"]);
        assert_eq!(devices.visible, [1]);
    }
}
