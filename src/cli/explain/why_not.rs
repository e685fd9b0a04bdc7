//! `why-not`: what rejects or beats a recipe, what would change it, and why a tuple is absent.

use std::path::Path;

use clap::Args;
use serde_json::json;

use crate::catalog::typed::nearest;
use crate::explain::{
    Change, Configuration, Node, Rules, Status, Verdict, Wanted, WhyNot, WhyNotConfiguration,
    World, matching, of_this_run, refuse, tree, why_not, wrapped,
};
use crate::store::RecipeName;

use super::super::args::CatalogArgs;
use super::super::failure::{Exit, Failure};
use super::super::generate::{recipe_file, recipe_of};
use super::super::made::unknown_model;
use super::super::output;
use super::super::session::Session;
use super::{
    ExplainFormat, QuestionArgs, REFUSAL_DEPTH, ShownArgs, is_tuple, pattern, reports, section,
    world_of,
};

#[derive(Debug, Args)]
pub(in crate::cli) struct WhyNotArgs {
    /// A recipe: its id, with `:BACKEND` and `:GPUS` where one block is meant, or its file; or tuples: 'relation(value, _)'
    #[arg(value_name = "RECIPE|TUPLE")]
    pub what: String,
    /// How many GPUs the request asks for [default: by the model's size]
    #[arg(long, alias = "gpu-count", value_name = "N", help_heading = "Request",
          value_parser = clap::value_parser!(u32).range(1..=4096))]
    pub gpus: Option<u32>,
    #[command(flatten)]
    pub question: QuestionArgs,
    #[command(flatten)]
    pub shown: ShownArgs,
}

impl WhyNotArgs {
    /// The GPU count that is asked for, and the words that do so.
    fn gpus(&self) -> Option<(u32, String)> {
        self.gpus.map(|gpus| (gpus, format!("--gpus {gpus}")))
    }
}

pub(in crate::cli) fn run(args: &WhyNotArgs) -> Result<Exit, Failure> {
    let tuple = is_tuple(&args.what);
    let words = without_place(&args.what);
    let path = Some(Path::new(words)).filter(|path| !tuple && path.is_file());
    let listed = path.and_then(|path| name_in(&args.question.catalog, path));
    let draft = path.filter(|_| listed.is_none());
    let file = recipe_file(&args.question.wanted).or(draft);
    let session = Session::open(&args.question.catalog, file)?;
    let rules = Rules::open(&session.store, session.rule_sources()?)?;
    if tuple || rules.checked.relation(&args.what).is_some() {
        return tuples(args, &session, rules);
    }
    let named = match (draft, &listed) {
        (Some(file), _) => Named::recipe(&session, &recipe_of(&session, file)?)?,
        (None, Some(name)) => match Named::recipe(&session, name)? {
            None => Named::recipe(&session, &recipe_of(&session, Path::new(words))?)?,
            found => found,
        },
        (None, None) => Named::read(&session, words)?,
    };
    let Some(named) = named else {
        return unknown(args, &session);
    };
    let model = args
        .question
        .model
        .as_deref()
        .unwrap_or(&named.recipe.model);
    let asked = args
        .question
        .asked(&session, model, &args.what, args.gpus())?;
    let request = asked.request.clone();
    let also = [named.recipe.model.clone()];
    let world = World::new(&session.store, rules, Some(asked), &also, Wanted::Changes)?;
    if !world.knows_the_model() {
        return Err(unknown_model(&session.store, model)?);
    }
    let look_into = if args.shown.all() { usize::MAX } else { 1 };
    let answer = why_not(
        &world,
        &named.recipe.recipe_id,
        |one| named.means(one),
        look_into,
    )?;
    if answer.configurations.is_empty() {
        return unknown(args, &session);
    }
    let answer = match draft {
        Some(file) => answer.of_file(&file.display().to_string()),
        None => answer,
    };
    if args.shown.is_json() {
        let mut json = json!({"request": request});
        if let (Some(json), Ok(serde_json::Value::Object(answer))) =
            (json.as_object_mut(), serde_json::to_value(&answer))
        {
            json.extend(answer);
        }
        output::json(&json)?;
    } else {
        output::answer(&text(args, &world, &answer))?;
    }
    Ok(Exit::Done)
}

/// The place of a file, `FILE.yaml:LINE[:COLUMN]` as it is printed, means the file.
fn without_place(words: &str) -> &str {
    let mut file = words;
    while let Some((rest, number)) = file.rsplit_once(':') {
        if number.parse::<u32>().is_err() {
            break;
        }
        file = rest;
    }
    if file.ends_with(".yaml") || file.ends_with(".yml") {
        file
    } else {
        words
    }
}

/// The name of a file below a folder of the catalog: it is no draft then, but what the catalog has.
fn name_in(catalog: &CatalogArgs, file: &Path) -> Option<String> {
    let file = file.canonicalize().ok()?;
    let mut folders = catalog.overlay.iter().rev().chain(&catalog.catalog);
    folders.find_map(|folder| {
        let name = file.strip_prefix(folder.canonicalize().ok()?).ok()?;
        Some(name.display().to_string())
    })
}

/// A recipe, and which of its blocks are meant.
struct Named {
    recipe: RecipeName,
    backend: Option<String>,
    gpus: Option<i64>,
}

impl Named {
    fn recipe(session: &Session, id: &str) -> Result<Option<Named>, Failure> {
        let recipe = session.store.recipe_named(id)?;
        Ok(recipe.map(|recipe| Named {
            recipe,
            backend: None,
            gpus: None,
        }))
    }

    /// `RECIPE[:BACKEND[:GPUS]]`, also with the recipe's file for its id.
    fn read(session: &Session, words: &str) -> Result<Option<Named>, Failure> {
        if let Some(named) = Named::recipe(session, words)? {
            return Ok(Some(named));
        }
        let Some((rest, last)) = words.rsplit_once(':') else {
            return Ok(None);
        };
        if let Some(named) = Named::recipe(session, rest)? {
            let backend = Some(last.to_lowercase());
            return Ok(Some(Named { backend, ..named }));
        }
        let (Some((recipe, backend)), Ok(gpus)) = (rest.rsplit_once(':'), last.parse()) else {
            return Ok(None);
        };
        let named = Named::recipe(session, recipe)?;
        Ok(named.map(|named| Named {
            backend: Some(backend.to_lowercase()),
            gpus: Some(gpus),
            ..named
        }))
    }

    fn means(&self, configuration: &Configuration) -> bool {
        let backend = self.backend.as_ref();
        backend.is_none_or(|backend| *backend == configuration.backend)
            && self.gpus.is_none_or(|gpus| gpus == configuration.gpus)
    }
}

/// No such recipe, or no such block of it.
fn unknown(args: &WhyNotArgs, session: &Session) -> Result<Exit, Failure> {
    let words = &args.what;
    let recipes = session.store.recipes(None)?;
    let known = recipes.iter().find(|recipe| {
        let rest = words.strip_prefix(recipe.recipe_id.as_str());
        rest.is_some_and(|rest| rest.starts_with(':'))
    });
    let (message, near): (String, Vec<String>) = match known {
        Some(recipe) => {
            let blocks = recipe.configurations.iter();
            let names = blocks
                .map(|block| format!("{}:{}:{}", recipe.recipe_id, block.backend, block.gpus));
            let asked = words
                .strip_prefix(recipe.recipe_id.as_str())
                .unwrap_or_default();
            (
                format!(
                    "`{}` has no block `{}`",
                    recipe.recipe_id,
                    asked.trim_start_matches(':')
                ),
                names.collect(),
            )
        }
        None => {
            let ids = recipes.iter().map(|recipe| recipe.recipe_id.as_str());
            let id = words.split(':').next().unwrap_or_default().to_lowercase();
            let near = nearest(&id, ids).map(str::to_owned);
            (
                format!("unknown recipe `{words}`"),
                near.into_iter().collect(),
            )
        }
    };
    if args.shown.is_json() {
        output::json(&json!({
            "recipe_id": words, "verdict": Verdict::Unknown, "nearest": near, "configurations": [],
        }))?;
    }
    let of_model = session.store.recipes(Some(words))?;
    let help = match near.as_slice() {
        _ if !of_model.is_empty() => {
            let ids: Vec<String> = of_model
                .iter()
                .map(|recipe| format!("`{}`", recipe.recipe_id))
                .collect();
            format!("it is a model; its recipes are {}", ids.join(", "))
        }
        [] => "`aim-engine list recipes` shows all".to_owned(),
        near => {
            let near: Vec<String> = near.iter().map(|name| format!("`{name}`")).collect();
            match known {
                Some(_) => format!("it has {}", near.join(", ")),
                None => format!("did you mean {}?", near.join(" or ")),
            }
        }
    };
    Err(Failure::say(
        Exit::Usage,
        "catalog::unknown_recipe",
        message,
        help,
    ))
}

fn text(args: &WhyNotArgs, world: &World<'_>, answer: &WhyNot) -> String {
    let style = args.shown.style();
    let mut out = String::new();
    let detailed = if args.shown.full { usize::MAX } else { 1 };
    for (at, one) in answer.configurations.iter().take(detailed).enumerate() {
        if at > 0 {
            out.push('\n');
        }
        let drawn =
            args.shown.format == ExplainFormat::Human && style.columns >= reports::NARROWEST;
        push(&mut out, "", "", &verdict(one, drawn), style.columns);
        if drawn {
            out.push_str(&reports::reports(world, one, style.columns));
        } else {
            reasons(&mut out, one, style.columns);
        }
        changes(&mut out, one, style.columns);
    }
    let others = answer
        .configurations
        .get(detailed.min(answer.configurations.len())..)
        .unwrap_or_default();
    // Those of a recipe for another model all say the same.
    if !others.is_empty() && answer.verdict != Verdict::OtherModel {
        section(&mut out, "Its other configurations");
        for one in others {
            push(&mut out, "  ", "    ", &short(one), style.columns);
        }
    }
    out
}

/// The one line that matters; the only reason is in it unless it is drawn below.
fn verdict(one: &WhyNotConfiguration, drawn: bool) -> String {
    let name = one.configuration.says();
    match one.verdict {
        Verdict::Chosen => {
            format!("{name}, is chosen: `aim-engine why` with the same request shows the proof.")
        }
        Verdict::Beaten => match &one.beaten_by {
            Some(winner) => format!(
                "{name}, is eligible, but beaten by {} (criterion: {}): {}",
                winner.configuration().says(),
                winner.criterion,
                winner.says
            ),
            None => format!("{name}, is eligible, but another comes first."),
        },
        Verdict::OtherModel if drawn => format!("{name}, is for another model:"),
        Verdict::OtherModel => format!("{name}, is for another model: {}", says(one)),
        Verdict::Rejected | Verdict::Unknown => match one.failed.as_slice() {
            [_] if drawn => format!("{name}, is rejected:"),
            [only] => format!("{name}, is rejected: {}", only.says),
            failed => format!("{name}, is rejected for {} reasons:", failed.len()),
        },
    }
}

fn says(one: &WhyNotConfiguration) -> String {
    let says: Vec<&str> = one
        .failed
        .iter()
        .map(|failed| failed.says.as_str())
        .collect();
    says.join(" ")
}

fn short(one: &WhyNotConfiguration) -> String {
    let configuration = &one.configuration;
    match (one.verdict, &one.beaten_by) {
        (Verdict::Chosen, _) => format!("{configuration}: chosen"),
        (Verdict::Beaten, Some(winner)) => {
            format!(
                "{configuration}: beaten by {}. {}",
                winner.configuration(),
                winner.says
            )
        }
        _ => format!("{configuration}: {}", says(one)),
    }
}

/// The reasons as plain sentences, for a narrow terminal.
fn reasons(out: &mut String, one: &WhyNotConfiguration, columns: usize) {
    for failed in &one.failed {
        push(out, "✗ ", "  ", &failed.says, columns);
        for (of, value) in [("expected", &failed.expected), ("found", &failed.found)] {
            let Some(value) = value else { continue };
            let places: Vec<String> = failed
                .at
                .iter()
                .filter(|place| place.of == Some(of))
                .map(|place| place.at.says())
                .collect();
            let places = if places.is_empty() {
                String::new()
            } else {
                format!(" [{}]", places.join("; "))
            };
            push(
                out,
                "  ",
                "    ",
                &format!("{of}: {value}{places}"),
                columns,
            );
        }
        for place in failed.at.iter().filter(|place| place.of.is_none()) {
            push(
                out,
                "  ",
                "    ",
                &format!("at {}", place.at.says()),
                columns,
            );
        }
        if let Some(place) = &failed.rule_at {
            let rule = format!("rule: {}, {}:{}", failed.rule, place.file, place.line);
            push(out, "  ", "    ", &rule, columns);
        }
    }
}

fn changes(out: &mut String, one: &WhyNotConfiguration, columns: usize) {
    let Some(changes) = &one.changes else { return };
    if one.verdict == Verdict::Chosen {
        return;
    }
    section(out, "What would change it (each was tried)");
    if changes.is_empty() {
        let says = "No change that the rules propose is enough.";
        push(out, "  ", "  ", says, columns);
    }
    for change in changes {
        push(
            out,
            "  ",
            "    ",
            &format!("{} {}", change.says, outcome(change)),
            columns,
        );
    }
}

fn outcome(change: &Change) -> String {
    match &change.beaten_by {
        _ if change.wins => "Then it is chosen.".to_owned(),
        Some(winner) => format!(
            "Then it is eligible, but `{}` comes first: {}",
            winner.configuration(),
            winner.says
        ),
        None => "Then it is eligible.".to_owned(),
    }
}

/// A text after `first`, its further lines after `rest`.
fn push(out: &mut String, first: &str, rest: &str, text: &str, columns: usize) {
    let width = columns.saturating_sub(rest.chars().count().max(first.chars().count()));
    for (at, line) in wrapped(text, width).iter().enumerate() {
        out.push_str(if at == 0 { first } else { rest });
        out.push_str(line);
        out.push('\n');
    }
}

fn tuples(args: &WhyNotArgs, session: &Session, rules: Rules) -> Result<Exit, Failure> {
    let pattern = pattern(&rules, &args.what)?;
    let world = world_of(
        session,
        rules,
        &pattern,
        &args.question,
        &args.what,
        args.gpus(),
    )?;
    let pattern = of_this_run(&world, pattern);
    let written = world.written(&pattern);
    let holding = matching(&world, &pattern);
    if !holding.is_empty() {
        if args.shown.is_json() {
            output::json(
                &json!({"pattern": written, "holds": true, "count": holding.len(), "attempts": []}),
            )?;
        } else {
            let tuples = if holding.len() == 1 {
                "1 tuple".to_owned()
            } else {
                format!("{} tuples", holding.len())
            };
            output::answer(&format!(
                "It holds: {tuples}. `aim-engine why '{written}'` proves it."
            ))?;
        }
        return Ok(Exit::Done);
    }
    let mut attempts = refuse(&world, &pattern, args.shown.depth(REFUSAL_DEPTH));
    if args.shown.is_json() {
        output::json(&json!({
            "pattern": written, "holds": false, "count": 0, "attempts": attempts,
        }))?;
        return Ok(Exit::Done);
    }
    let says = format!("not so: {}", world.says(&pattern));
    let mut root = Node::new(written, says, Status::Failed);
    let rules = attempts.len();
    if !args.shown.all() {
        attempts.truncate(1);
    }
    if rules == 1
        && let Some(only) = attempts.pop()
    {
        (root.rule, root.rule_at) = (only.rule, only.rule_at);
        root.premises = only.premises;
    } else {
        root.premises = attempts;
    }
    let style = args.shown.style();
    let mut out = tree(&root, style).join("\n");
    out.push('\n');
    if rules == 0 {
        let says = "No rule makes such a tuple, and no such fact was given.";
        push(&mut out, "", "", says, style.columns);
    }
    output::answer(&out)?;
    if let Some(more) = rules
        .checked_sub(1)
        .filter(|more| *more > 0 && !args.shown.all())
    {
        let rules = if more == 1 {
            "1 more rule"
        } else {
            &format!("{more} more rules")
        };
        output::line(
            "note",
            &format!("{rules} could have made it; --full shows them"),
        );
    }
    Ok(Exit::Done)
}
