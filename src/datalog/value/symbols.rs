//! Interned texts: one buffer for all of them, so that a million symbols are two allocations and a copy is a memcpy.

use std::hash::BuildHasher;

use hashbrown::HashTable;
use rustc_hash::FxBuildHasher;

/// Texts numbered from 0 in the order in which they were first seen.
#[derive(Clone, Debug, Default)]
pub(super) struct Symbols {
    buffer: String,
    /// Where each text ends; it begins where the one before ends.
    ends: Vec<usize>,
    table: HashTable<u32>,
}

impl Symbols {
    pub(super) fn intern(&mut self, text: &str) -> u32 {
        let hash = FxBuildHasher.hash_one(text);
        let (buffer, ends) = (&self.buffer, &self.ends);
        if let Some(&id) = self.table.find(hash, |&id| slice(buffer, ends, id) == text) {
            return id;
        }
        let id = u32::try_from(self.ends.len()).unwrap_or(u32::MAX);
        self.buffer.push_str(text);
        self.ends.push(self.buffer.len());
        let (buffer, ends) = (&self.buffer, &self.ends);
        self.table.insert_unique(hash, id, |&id| {
            FxBuildHasher.hash_one(slice(buffer, ends, id))
        });
        id
    }

    pub(super) fn find(&self, text: &str) -> Option<u32> {
        let hash = FxBuildHasher.hash_one(text);
        self.table.find(hash, |&id| self.text(id) == text).copied()
    }

    pub(super) fn text(&self, id: u32) -> &str {
        slice(&self.buffer, &self.ends, id)
    }
}

fn slice<'a>(buffer: &'a str, ends: &[usize], id: u32) -> &'a str {
    let id = id as usize;
    let start = id
        .checked_sub(1)
        .and_then(|before| ends.get(before))
        .copied()
        .unwrap_or(0);
    let end = ends.get(id).copied().unwrap_or(start);
    buffer.get(start..end).unwrap_or_default()
}
