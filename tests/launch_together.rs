//! Requests are decided alike alone and among others, in whatever order and however many.

#![expect(clippy::unwrap_used, reason = "a test may fail")]

use aim_engine::launch::{Decision, Detail, MachineFacts, Request, decide};
use aim_engine::policy::{Policy, RuleSources};
use aim_engine::store::{Layer, Store, StoreSpec};

/// Numbers that look random and are the same every time.
struct Dice(u64);

impl Dice {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % bound
    }

    fn one<'a>(&mut self, of: &[&'a str]) -> &'a str {
        of[self.below(of.len())]
    }

    fn maybe(&mut self, of: &[&str]) -> Option<String> {
        (self.below(2) == 0).then(|| self.one(of).to_owned())
    }

    fn shuffle<T>(&mut self, items: &mut [T]) {
        for at in (1..items.len()).rev() {
            items.swap(at, self.below(at + 1));
        }
    }
}

/// The embedded catalog and its policy, in a store that ends with it.
struct Catalog {
    store: Store,
    policy: Policy,
    _folder: tempfile::TempDir,
}

impl Catalog {
    fn new() -> Catalog {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(&StoreSpec {
            layers: Layer::stack(None, &[]),
            file: Some(folder.path().join("store.db")),
            ..StoreSpec::default()
        })
        .unwrap();
        let policy = Policy::compile(RuleSources::default(), &store).unwrap();
        Catalog {
            store,
            policy,
            _folder: folder,
        }
    }

    fn decide(&self, asked: &[(Request, usize)], detail: Detail) -> Vec<Decision> {
        decide(&self.store, &self.policy, asked, &machines(), detail).unwrap()
    }

    /// Requests of every kind, some of them equal.
    fn requests(&self, dice: &mut Dice, count: usize) -> Vec<(Request, usize)> {
        let mut names = self.store.model_names().unwrap();
        names.push("nobody/knows-this".to_owned());
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let recipes = self.store.recipe_ids().unwrap();
        let recipes: Vec<&str> = recipes.iter().map(String::as_str).collect();
        let machines = machines().len();
        let request = |dice: &mut Dice| Request {
            model: match dice.below(4) {
                0 => dice.one(&names).to_uppercase(),
                _ => dice.one(&names).to_owned(),
            },
            gpus: [None, Some(1), Some(2), Some(4), Some(8), Some(16)][dice.below(6)],
            precision: dice.maybe(&["bf16", "fp16", "fp8", "mxfp4", "fp6"]),
            backend: dice.maybe(&["vllm", "sglang", "other"]),
            metric: dice.maybe(&["latency", "throughput"]),
            strict: dice.below(5) == 0,
            recipe: (dice.below(20) == 0).then(|| dice.one(&recipes).to_owned()),
            allow_unknown_flags: dice.below(5) == 0,
        };
        (0..count)
            .map(|_| (request(dice), dice.below(machines)))
            .collect()
    }
}

fn machines() -> Vec<MachineFacts> {
    let mut machines = vec![MachineFacts::default()];
    for hardware in ["MI300X", "MI325X", "MI355X", "MI250", "MI210", "MI999"] {
        machines.push(MachineFacts::named(hardware, Some(8)));
        machines.push(MachineFacts::named(hardware, Some(2)));
    }
    machines.push(MachineFacts::named("MI300X", None));
    machines
}

#[test]
fn a_request_is_decided_alike_alone_and_among_thousands() {
    let catalog = Catalog::new();
    for (detail, seed) in [(Detail::Choice, 1), (Detail::Search, 2)] {
        let mut dice = Dice(seed);
        let mut asked = catalog.requests(&mut dice, 5_000);
        let together = catalog.decide(&asked, detail);
        assert_eq!(together.len(), asked.len());
        let chosen = together.iter().filter(|one| one.selected.is_some()).count();
        assert!(chosen > 500, "{chosen} chosen say too little");
        for at in (0..asked.len()).step_by(50) {
            let alone = catalog.decide(&asked[at..=at], detail);
            assert_eq!(alone, together[at..=at], "{:?}", asked[at]);
        }
        // Other neighbours, another order.
        let mut answered: Vec<_> = asked.drain(..).zip(together).collect();
        dice.shuffle(&mut answered);
        let (asked, expected): (Vec<_>, Vec<_>) = answered.into_iter().unzip();
        for some in [0..7, 100..1_500, 0..5_000] {
            let decided = catalog.decide(&asked[some.clone()], detail);
            for ((asked, decided), expected) in
                asked[some.clone()].iter().zip(decided).zip(&expected[some])
            {
                assert_eq!(&decided, expected, "{asked:?}");
            }
        }
    }
}

#[test]
fn less_detail_is_the_same_decision() {
    let catalog = Catalog::new();
    let asked = catalog.requests(&mut Dice(3), 400);
    let details = [Detail::Selection, Detail::Choice, Detail::Search];
    let [selection, choice, search] = details.map(|detail| catalog.decide(&asked, detail));
    for ((selection, choice), search) in selection.into_iter().zip(choice).zip(search) {
        // Places in the search are for a machine of which both are known.
        if search.machine.hardware.is_some() && search.machine.usable_gpus.is_some() {
            assert_eq!(search.tried.len(), search.considered);
        }
        let as_choice = Decision {
            tried: Vec::new(),
            ..search
        };
        assert_eq!(choice, as_choice);
        let as_selection = Decision {
            machine: Default::default(),
            image: None,
            flags: Default::default(),
            memory: None,
            timeout_s: None,
            cached: Default::default(),
            obstacles: Vec::new(),
            warnings: Vec::new(),
            ..choice
        };
        assert_eq!(selection, as_selection);
    }
}
