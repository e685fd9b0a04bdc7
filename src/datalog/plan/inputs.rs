//! Which facts goals need.

use super::program::{CompiledProgram, StratumPlan};
use crate::datalog::RelId;

impl CompiledProgram {
    /// For each stratum whether goals depend on it; no goals are all.
    pub(crate) fn wanted(&self, goals: &[RelId]) -> Vec<bool> {
        let mut wanted = vec![goals.is_empty(); self.strata.len()];
        let mut want = |stratum: u32| {
            if let Some(wanted) = wanted.get_mut(stratum as usize) {
                *wanted = true;
            }
        };
        for goal in goals {
            if let Some(relation) = self.relations.get(goal.index()) {
                want(relation.stratum);
            }
        }
        // What a stratum reads comes before it.
        for (at, StratumPlan { reads, .. }) in self.strata.iter().enumerate().rev() {
            if wanted.get(at) == Some(&true) {
                for read in reads {
                    if let Some(wanted) = wanted.get_mut(*read as usize) {
                        *wanted = true;
                    }
                }
            }
        }
        wanted
    }

    /// The relations that goals depend on, themselves included; no goals are all.
    pub fn wanted_relations(&self, goals: &[RelId]) -> Vec<RelId> {
        let wanted = self.wanted(goals);
        let relations = self.relations();
        relations
            .filter(|(_, relation)| wanted.get(relation.stratum as usize) == Some(&true))
            .map(|(id, _)| id)
            .collect()
    }

    /// The `.input` relations that goals depend on; no goals are all.
    pub fn inputs(&self, goals: &[RelId]) -> Vec<RelId> {
        let wanted = self.wanted(goals);
        self.relations()
            .filter(|(_, relation)| {
                relation.input && wanted.get(relation.stratum as usize) == Some(&true)
            })
            .map(|(id, _)| id)
            .collect()
    }
}
