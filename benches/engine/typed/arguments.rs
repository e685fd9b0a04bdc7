//! The version of an engine that runs, and the blocks of whose arguments it refuses one.

use datafrog::Relation;

use super::catalog::Catalog;
use super::{Block, Number, Symbol, of};

/// The version by hardware and block.
pub fn versions(
    known: &Catalog,
    served: &Relation<(Symbol, ())>,
) -> Relation<((Symbol, Block), Number)> {
    let mut versions = Vec::new();
    for &(hardware, ()) in served.iter() {
        let Some((gfx, _)) = of(&known.hardware, hardware) else {
            continue;
        };
        let images = |backend: Symbol| {
            let from = known.images.partition_point(|(b, _)| *b < backend);
            known.images[from..]
                .iter()
                .take_while(move |(b, _)| *b == backend)
        };
        // The images are in the order of their places.
        let choice = |backend: Symbol| {
            let fits = |gfx_of: Symbol| gfx_of == gfx || gfx_of == known.no_architecture;
            let fitting = images(backend).find(|(_, (_, of, _))| fits(*of));
            fitting
                .or_else(|| images(backend).next())
                .map(|&(_, (_, _, version))| version)
        };
        let choices: Relation<(Symbol, Number)> = known
            .backend_rank
            .iter()
            .filter_map(|&(b, _)| Some((b, choice(b)?)))
            .collect();
        for &(r, (b, n)) in known.configuration.iter() {
            let block = (r, b, n);
            let own = of(&known.block_version, block);
            let of_image = || {
                let has_image = known.block_image.binary_search(&block).is_ok();
                (!has_image).then(|| of(&choices, b)).flatten()
            };
            if let Some(version) = own.or_else(of_image) {
                versions.push(((hardware, block), version));
            }
        }
    }
    versions.into()
}

/// How a version reads a name: the flag it is passed as, its kind, since when.
type Reading = (Symbol, Symbol, Number);

/// The blocks with a flag or a value that their engine does not take.
pub fn refused(
    known: &Catalog,
    versions: &Relation<((Symbol, Block), Number)>,
) -> Relation<(Symbol, Block)> {
    let mut used: Vec<(Symbol, Number)> = versions
        .iter()
        .map(|&((_, (_, b, _)), version)| (b, version))
        .collect();
    used.sort_unstable();
    used.dedup();
    let mut written: Vec<(Symbol, Symbol)> = known
        .argument
        .iter()
        .map(|&((_, b, _), name)| (b, name))
        .collect();
    written.sort_unstable();
    written.dedup();
    let taken = |backend: Symbol, version: Number, name: Symbol| {
        let from = known
            .known_flag
            .partition_point(|(key, _)| *key < (backend, name));
        known.known_flag[from..]
            .iter()
            .take_while(move |(key, _)| *key == (backend, name))
            .filter(move |(_, (since, until, ..))| *since <= version && version < *until)
    };
    // Each name as each version reads it.
    let mut reads: Vec<((Symbol, Number, Symbol), Reading)> = Vec::new();
    for &(backend, version) in &used {
        for &(_, name) in written.iter().filter(|(b, _)| *b == backend) {
            let key = (backend, version, name);
            let own = taken(backend, version, name);
            reads.extend(own.map(|&(_, (since, _, _, kind))| (key, (name, kind, since))));
            if taken(backend, version, name).next().is_none() {
                let from = known
                    .misnamed
                    .partition_point(|(key, _)| *key < (backend, name));
                let meant = known.misnamed[from..]
                    .iter()
                    .take_while(|(key, _)| *key == (backend, name));
                for &(_, flag) in meant {
                    let flags = taken(backend, version, flag);
                    reads.extend(flags.map(|&(_, (since, _, _, kind))| (key, (flag, kind, since))));
                }
            }
        }
    }
    let reads: Relation<((Symbol, Number, Symbol), Reading)> = reads.into();
    let readings = |key: (Symbol, Number, Symbol)| {
        let from = reads.partition_point(|(one, _)| *one < key);
        reads[from..]
            .iter()
            .take_while(move |(one, _)| *one == key)
            .map(|(_, reading)| *reading)
    };
    let by_block: Relation<(Block, (Symbol, Number))> = versions
        .iter()
        .map(|&((hardware, block), version)| (block, (hardware, version)))
        .collect();
    let unknown: Relation<Option<(Symbol, Block)>> = Relation::from_join(
        &by_block,
        &known.argument,
        |&block, &(hardware, version), &name| {
            let known = readings((block.1, version, name)).next().is_some();
            (!known).then_some((hardware, block))
        },
    );
    let has_choices = |key: (Symbol, Symbol, Number)| {
        let at = known
            .choices
            .partition_point(|&(b, flag, since, _)| (b, flag, since) < key);
        let found = known.choices.get(at);
        found.is_some_and(|&(b, flag, since, _)| (b, flag, since) == key)
    };
    let checked = |kind: Symbol| {
        let at = known.fits.partition_point(|(one, _)| *one < kind);
        known.fits.get(at).is_some_and(|(one, _)| *one == kind)
    };
    let wrong: Relation<Option<(Symbol, Block)>> = Relation::from_join(
        &by_block,
        &known.argument_word,
        |&block, &(hardware, version), &(name, word, read)| {
            let backend = block.1;
            let mut readings = readings((backend, version, name));
            let refuses = readings.any(|(flag, kind, since)| {
                let choice = (backend, flag, since, word);
                has_choices((backend, flag, since)) && known.choices.binary_search(&choice).is_err()
                    || checked(kind) && known.fits.binary_search(&(kind, read)).is_err()
            });
            refuses.then_some((hardware, block))
        },
    );
    unknown
        .iter()
        .chain(wrong.iter())
        .filter_map(|found| *found)
        .collect()
}
