//! `new recipe`: blocks for the GPU counts that the rules would let it serve.

use std::collections::BTreeSet;
use std::fs;

use crate::catalog::embedded;
use crate::catalog::model::Model;
use crate::cli::args::NewRecipeArgs;
use crate::cli::failure::{Exit, Failure};
use crate::cli::machine::named;
use crate::cli::made;
use crate::cli::output;
use crate::cli::session::Session;
use crate::launch::{Detail, MachineFacts, Outcome, Request, decide};

use super::template::{Sizes, broken, fill, scalar, sizes, slug};
use super::write;

/// The GPU counts that are tried when none are named.
const COUNTS: [u32; 4] = [1, 2, 4, 8];

pub(super) fn run(args: &NewRecipeArgs) -> Result<Exit, Failure> {
    let session = Session::open(&args.to.catalog, None)?;
    let Some(card) = session.store.model(&args.model)? else {
        let mut failure = made::unknown_model(&session.store, &args.model)?;
        failure.reports.push(
            miette::MietteDiagnostic::new("a recipe is filled by its model's card")
                .with_severity(miette::Severity::Advice)
                .with_help("`aim-engine new model` begins a card")
                .into(),
        );
        return Err(failure);
    };
    let id = card.id().unwrap_or_default().to_owned();
    let most = args.gpus.iter().copied().max().unwrap_or(8);
    let machine = named(&args.hardware, Some(most), None, &session.store)?;
    let hardware = machine.hardware.clone().unwrap_or_default();
    let sizes = sizes()?;
    let precision = args
        .precision
        .clone()
        .or_else(|| card.weights_precision.clone())
        .unwrap_or_else(|| sizes.precision.clone())
        .to_lowercase();
    let recipe_id = format!("{}-{}-{precision}", slug(&id), hardware.to_lowercase());
    let counts = if args.gpus.is_empty() {
        COUNTS.to_vec()
    } else {
        args.gpus.clone()
    };
    let backends = if args.backend.is_empty() {
        &sizes.backends
    } else {
        &args.backend
    };
    let sections = sections(&session, backends)?;
    let draft = Draft {
        recipe_id: &recipe_id,
        model: &id,
        hardware: &hardware,
        precision: &precision,
        card: &card,
        sections: &sections,
        sizes: &sizes,
    };
    let fit = fitting(args, &draft, &machine, &counts)?;
    if fit.is_empty() {
        return Err(Failure::say(
            Exit::No,
            "new::nothing_fits",
            format!("`{id}` at {precision} fits no count of {hardware} tried"),
            "choose a smaller precision, or more GPUs with `--gpus`",
        ));
    }
    let text = draft.filled(
        |section, gpus| fit.contains(&(section.backend.clone(), gpus)),
        &counts,
    )?;
    write(&args.to, &format!("recipes/{recipe_id}.yaml"), &text)
}

/// A backend and the key of its blocks.
struct Section {
    backend: String,
    key: String,
}

fn sections(session: &Session, backends: &[String]) -> Result<Vec<Section>, Failure> {
    let known = session.store.backends()?;
    let section = |name: &String| {
        let name = name.trim().to_lowercase();
        let known = known
            .iter()
            .find(|known| known.backend.to_lowercase() == name);
        match known {
            Some(known) if embedded::template(&format!("{name}.yaml")).is_some() => Ok(Section {
                backend: name,
                key: known.recipe_section.clone(),
            }),
            Some(_) => Err(Failure::say(
                Exit::No,
                "new::backend",
                format!("there is no template for the blocks of `{name}`"),
                "begin with those of `vllm` and translate the flags",
            )),
            None => Err(Failure::say(
                Exit::No,
                "new::backend",
                format!("unknown backend `{name}`"),
                "`aim-engine list backends` shows them",
            )),
        }
    };
    backends.iter().map(section).collect()
}

/// What a new recipe is made from.
struct Draft<'a> {
    recipe_id: &'a str,
    model: &'a str,
    hardware: &'a str,
    precision: &'a str,
    card: &'a Model,
    sections: &'a [Section],
    sizes: &'a Sizes,
}

/// The configurations that the rules would let this recipe serve; why not the others is said.
fn fitting(
    args: &NewRecipeArgs,
    draft: &Draft<'_>,
    machine: &MachineFacts,
    counts: &[u32],
) -> Result<BTreeSet<(String, u32)>, Failure> {
    let dir = tempfile::tempdir()?;
    let file = dir.path().join(format!("{}.yaml", draft.recipe_id));
    fs::write(&file, draft.filled(|_, _| true, counts)?)?;
    let session = Session::with_draft(&args.to.catalog, &file, dir.path().join("store.db"))?;
    let request = Request {
        model: draft.model.to_owned(),
        recipe: Some(draft.recipe_id.to_owned()),
        ..Request::default()
    };
    let machines = std::slice::from_ref(machine);
    let decisions = decide(
        &session.store,
        &session.policy()?,
        &[(request, 0)],
        machines,
        Detail::Search,
    )?;
    let mut fit = BTreeSet::new();
    for tried in decisions.into_iter().flat_map(|decision| decision.tried) {
        if tried.outcome == Outcome::Rejected {
            let (backend, gpus) = (&tried.backend, made::gpus(tried.gpus));
            output::line(
                "note",
                &format!("no block for {backend} on {gpus}: {}", tried.because),
            );
        } else {
            fit.insert((tried.backend, tried.gpus));
        }
    }
    Ok(fit)
}

impl Draft<'_> {
    /// The recipe's text, with the blocks that are wanted.
    fn filled(
        &self,
        wanted: impl Fn(&Section, u32) -> bool,
        counts: &[u32],
    ) -> Result<String, Failure> {
        let sizes = self.sizes;
        let millions = self.card.parameters_millions();
        // Of a model of unknown size the most cautious start is that of a large one.
        let size = sizes
            .sizes
            .iter()
            .find(|size| millions.is_some_and(|millions| millions <= size.up_to_millions))
            .or(sizes.sizes.last())
            .ok_or_else(|| broken("sizes.yaml"))?;
        let dtype = sizes.dtypes.get(self.precision);
        let dtype = dtype.map_or_else(String::new, |dtype| format!("      --dtype: {dtype}\n"));
        let longest = self
            .card
            .context_length
            .unwrap_or(u32::MAX)
            .min(size.max_model_len);
        let mut text = String::new();
        for section in self.sections {
            let counts: Vec<u32> = counts
                .iter()
                .copied()
                .filter(|gpus| wanted(section, *gpus))
                .collect();
            if counts.is_empty() {
                continue;
            }
            text.push_str(&format!("{}:\n", section.key));
            for gpus in counts {
                text.push_str(&fill(
                    &format!("{}.yaml", section.backend),
                    &[
                        ("gpus", &gpus.to_string()),
                        ("dtype", &dtype),
                        ("memory_share", &size.memory_share.to_string()),
                        ("batched_tokens", &size.batched_tokens(gpus).to_string()),
                        ("max_num_seqs", &size.max_num_seqs.to_string()),
                        ("max_model_len", &longest.to_string()),
                    ],
                )?);
            }
        }
        fill(
            "recipe.yaml",
            &[
                ("recipe_id", &scalar(self.recipe_id)),
                ("model", &scalar(self.model)),
                ("hardware", &scalar(self.hardware)),
                ("precision", &scalar(self.precision)),
                ("sections", text.trim_end()),
            ],
        )
    }
}
