//! 64-bit patterns that have no short code of their own: numbers outside 0..2^31, and floats.

use std::hash::BuildHasher;

use hashbrown::HashTable;
use rustc_hash::FxBuildHasher;

/// Patterns numbered from 0 in the order in which they were first seen.
#[derive(Clone, Debug, Default)]
pub(super) struct Wide {
    patterns: Vec<u64>,
    table: HashTable<u32>,
}

impl Wide {
    pub(super) fn intern(&mut self, pattern: u64) -> u32 {
        let patterns = &self.patterns;
        let hash = FxBuildHasher.hash_one(pattern);
        if let Some(&id) = self.table.find(hash, |&id| get(patterns, id) == pattern) {
            return id;
        }
        let id = u32::try_from(patterns.len()).unwrap_or(u32::MAX);
        self.patterns.push(pattern);
        let patterns = &self.patterns;
        self.table
            .insert_unique(hash, id, |&id| FxBuildHasher.hash_one(get(patterns, id)));
        id
    }

    pub(super) fn find(&self, pattern: u64) -> Option<u32> {
        let hash = FxBuildHasher.hash_one(pattern);
        self.table
            .find(hash, |&id| self.get(id) == pattern)
            .copied()
    }

    pub(super) fn get(&self, id: u32) -> u64 {
        get(&self.patterns, id)
    }
}

fn get(patterns: &[u64], id: u32) -> u64 {
    patterns.get(id as usize).copied().unwrap_or_default()
}
