//! The rules of the choice, written out by hand in typed datafrog: what they cost without an engine.
//!
//! The order of symbols is that of their texts, since the last criterion compares names.

mod arguments;
mod catalog;
mod request;
mod rows;

use datafrog::Relation;

use arguments::{refused, versions};
use catalog::Catalog;
pub use catalog::words;
use request::{Asked, Target};
pub use rows::Facts;

type Symbol = u32;
type Number = i32;
/// A real that is not negative, by its bits: they are in the same order.
type Real = u64;
/// Recipe, backend, GPU count.
type Block = (Symbol, Symbol, Number);

/// The rows whose key is not among `keys`.
fn without<K: Ord + Copy, V: Ord + Copy>(
    rows: &Relation<(K, V)>,
    keys: &Relation<K>,
) -> Relation<(K, V)> {
    let mut rest = &keys[..];
    let rows = rows.iter().filter(|(key, _)| {
        rest = gallop(rest, key);
        rest.first() != Some(key)
    });
    rows.copied().collect()
}

fn gallop<'a, K: Ord>(slice: &'a [K], key: &K) -> &'a [K] {
    let mut step = 1;
    while step < slice.len() && slice[step] < *key {
        step *= 2;
    }
    let end = slice.len().min(step + 1);
    let from = step / 2;
    let at =
        from.min(slice.len()) + slice[from.min(slice.len())..end].partition_point(|one| one < key);
    &slice[at..]
}

/// Of each request's rows those with the least place; rows are sorted by request, then place.
fn least(places: &Relation<(Number, Real, Block)>) -> Vec<(Number, Block)> {
    let mut best = None;
    let kept = places.iter().filter(|(q, place, _)| {
        if best.is_none_or(|(of, _)| of != *q) {
            best = Some((*q, *place));
        }
        best == Some((*q, *place))
    });
    kept.map(|&(q, _, block)| (q, block)).collect()
}

/// A stage: each of the best so far gets its place, by what `place` finds for it.
fn stage(
    best: &[(Number, Block)],
    mut place: impl FnMut(Number, Block) -> Option<Real>,
) -> Vec<(Number, Block)> {
    let placed = best
        .iter()
        .filter_map(|&(q, block)| Some((q, place(q, block)?, block)));
    least(&placed.collect())
}

/// The second part of the row whose first is `key`.
fn of<K: Ord + Copy, V: Copy + Ord>(relation: &Relation<(K, V)>, key: K) -> Option<V> {
    let at = relation.partition_point(|(one, _)| *one < key);
    let (found, value) = relation.get(at)?;
    (*found == key).then_some(*value)
}

/// Request, recipe, backend, GPU count of all that is chosen, sorted.
pub fn chosen(facts: &Facts) -> Vec<(Number, Symbol, Symbol, Number)> {
    let known = Catalog::read(facts);
    let asked = Asked::read(facts);

    // What is considered.
    let of_model = Relation::from_join(
        &known.by_recipe,
        &known.configuration,
        |&r, &(model, _, _), &(b, n)| (model, (r, b, n)),
    );
    let requested: Relation<(Symbol, (Number, Number))> =
        Relation::from_join(&asked.by_name, &known.model_name, |_, &(q, m), &model| {
            (model, (q, m))
        });
    let considered: Relation<(Number, (Number, Block))> =
        Relation::from_join(&requested, &of_model, |_, &(q, m), &block| (m, (q, block)));
    let asked_of: Relation<(Symbol, Number)> = requested
        .iter()
        .map(|&(model, (_, m))| (model, m))
        .collect();
    let considered_on: Relation<(Number, Block)> =
        Relation::from_join(&asked_of, &of_model, |_, &m, &block| (m, block));

    // What the machine rejects.
    let served: Relation<(Symbol, ())> = asked
        .machine_hardware
        .iter()
        .map(|&(_, h)| (h, ()))
        .collect();
    let versions = versions(&known, &served);
    let refused = refused(&known, &versions);
    let weights = known.weights();
    let blocks_on: Relation<(Block, Number)> =
        considered_on.iter().map(|&(m, block)| (block, m)).collect();
    let mut unfit: Vec<(Number, Block)> = Vec::new();
    unfit.extend(
        without(&blocks_on, &known.enabled)
            .iter()
            .map(|&(block, m)| (m, block)),
    );
    for &(m, block) in considered_on.iter() {
        let (r, b, n) = block;
        let Some(hardware) = of(&asked.machine_hardware, m) else {
            continue;
        };
        let recipe = of(&known.by_recipe, r);
        let runs = recipe.is_some_and(|(_, other, _)| known.runs_on(hardware, other));
        let too_many = of(&asked.declared_gpus, m).is_some_and(|usable| n > usable);
        let parallel = known.tensor_parallel(block);
        let heads = recipe.and_then(|(model, _, _)| of(&known.model_heads, model));
        let uneven = heads.is_some_and(|heads| parallel.is_some_and(|size| heads % size != 0));
        let share = of(&known.memory_share, block).or_else(|| {
            let version = of(&versions, (hardware, block))?;
            of(&known.default_share, (b, version))
        });
        let too_large = (|| {
            let (_, vram) = of(&known.hardware, hardware)?;
            let weights = f64::from_bits(of(&weights, block)?);
            Some(weights > f64::from(vram) * f64::from_bits(share?))
        })();
        let unknown = of(&known.backend, b).is_none();
        if !runs || too_many || uneven || too_large == Some(true) || unknown {
            unfit.push((m, block));
        }
        if refused.binary_search(&(hardware, block)).is_ok() {
            unfit.push((m, block));
        }
    }
    let unfit: Relation<(Number, Block)> = unfit.into();

    // What is left.
    let keyed: Relation<((Number, Block), Number)> = considered
        .iter()
        .map(|&(m, (q, block))| ((m, block), q))
        .collect();
    let fit = without(&keyed, &unfit);
    let eligible: Relation<(Number, Block)> = fit
        .iter()
        .filter(|((_, (_, _, n)), q)| of(&asked.gpus, *q).is_none_or(|asked| *n <= asked))
        .map(|&((_, block), q)| (q, block))
        .collect();

    // The criteria, one after the other.
    let target = |q: Number| asked.target(q, &known, facts);
    let targets: Relation<(Number, Target)> =
        asked.machine.iter().map(|&(q, _)| (q, target(q))).collect();
    let real = |number: Number| Some(f64::from(number).to_bits());
    let best = stage(&eligible, |q, (r, _, _)| {
        let (_, other, _) = of(&known.by_recipe, r)?;
        let hardware = of(&asked.machine_hardware, of(&asked.machine, q)?)?;
        real(known.hardware_place(hardware, other))
    });
    let best = stage(&best, |q, (_, b, _)| {
        real(if of(&targets, q)?.backend == b {
            0
        } else {
            of(&known.backend_rank, b)?
        })
    });
    let best = stage(&best, |q, (r, _, _)| {
        let (_, _, p) = of(&known.by_recipe, r)?;
        real(if of(&targets, q)?.precision == p {
            0
        } else {
            of(&known.precision_rank, p)?
        })
    });
    let best = stage(&best, |q, (_, _, n)| {
        real(if of(&targets, q)?.gpus == n {
            0
        } else {
            1_000_000 - n
        })
    });
    // No rule gives points, and no request asks for a metric.
    let best = stage(&best, |_, _| real(0));
    let best = stage(&best, |_, _| real(0));
    let best = stage(&best, |_, (r, _, _)| real(known.readiness_place(r)));
    let best = stage(&best, |_, block| {
        // More is better, and what was not measured comes last.
        let place = of(&known.measured, block).map_or(1e12, |tokens| 1e9 - f64::from_bits(tokens));
        Some(place.to_bits())
    });
    let mut chosen: Vec<(Number, Symbol, Symbol, Number)> = Vec::new();
    let mut first = None;
    for (q, (r, b, n)) in best {
        if first.is_none_or(|(of, _)| of != q) {
            first = Some((q, r));
        }
        if first == Some((q, r)) {
            chosen.push((q, r, b, n));
        }
    }
    chosen
}
