//! `why`: the proof of a decision, or of any tuple.

use clap::Args;
use serde_json::json;

use crate::datalog::{Checked, Pattern};
use crate::explain::{Rules, Wanted, Why, World, matching, prove_each, tree, why, wrapped};
use crate::launch::Detail;

use super::super::args::{ContainerArgs, CountArgs};
use super::super::failure::{Exit, Failure};
use super::super::generate::{recipe_file, wishes};
use super::super::made::made;
use super::super::output;
use super::super::session::Session;
use super::{
    ExplainFormat, MOST_LISTED, PROOF_DEPTH, QuestionArgs, ShownArgs, is_tuple, pattern, reports,
    section, world_of,
};

#[derive(Debug, Args)]
pub(in crate::cli) struct WhyArgs {
    /// A model, as for `generate`; or tuples: 'relation(value, _)'
    #[arg(value_name = "MODEL|TUPLE")]
    pub what: String,
    #[command(flatten)]
    pub count: CountArgs,
    #[command(flatten)]
    pub question: QuestionArgs,
    #[command(flatten)]
    pub shown: ShownArgs,
}

impl WhyArgs {
    /// The GPU count that is asked for, and the words that do so.
    fn gpus(&self) -> Option<(u32, String)> {
        let word = self.count.gpu_count.map(|gpus| (gpus, gpus.to_string()));
        word.or_else(|| self.count.gpus.map(|gpus| (gpus, format!("--gpus {gpus}"))))
    }
}

pub(in crate::cli) fn run(args: &WhyArgs) -> Result<Exit, Failure> {
    let file = recipe_file(&args.question.wanted);
    let session = Session::open(&args.question.catalog, file)?;
    let rules = Rules::open(&session.store, session.rule_sources()?)?;
    if is_tuple(&args.what) || is_relation(&session, &rules.checked, &args.what)? {
        return tuples(args, &session, rules);
    }
    decision(args, &session, rules)
}

/// A relation's name that is no model's.
fn is_relation(session: &Session, checked: &Checked, words: &str) -> Result<bool, Failure> {
    let known = checked.relation(words).is_some();
    Ok(known && session.store.model(words)?.is_none())
}

fn decision(args: &WhyArgs, session: &Session, rules: Rules) -> Result<Exit, Failure> {
    let recipe = session.store.recipe_named(&args.what)?;
    if let Some((id, _)) = args.what.split_once(':')
        && session.store.recipe_named(id)?.is_some()
    {
        return Err(Failure::say(
            Exit::Usage,
            "explain::configuration",
            format!("`{}` is a configuration, and not a model", args.what),
            format!("`aim-engine why-not {}` says what became of it", args.what),
        ));
    }
    let model = recipe
        .as_ref()
        .map_or(args.what.as_str(), |recipe| recipe.model.as_str());
    let asked = args
        .question
        .asked(session, model, &args.what, args.gpus())?;
    let (request, machine) = (asked.request.clone(), asked.machine.clone());
    let world = World::new(&session.store, rules, Some(asked), &[], Wanted::Decision)?;
    let Some(why) = why(&world, args.shown.depth(PROOF_DEPTH))? else {
        // Why there is nothing is said in the words of `generate`.
        let wishes = wishes(&ContainerArgs::default());
        let made = made(
            session,
            &session.policy()?,
            &request,
            &machine,
            &wishes,
            Detail::Search,
        );
        return match made {
            Ok(_) => Ok(Exit::Done),
            Err(no) if args.shown.is_json() => {
                output::json(&json!({"request": request, "selected": null, "says": no.message}))?;
                Err(no.failure)
            }
            Err(no) => Err(no.failure),
        };
    };
    if args.shown.is_json() {
        let mut answer = json!({"request": request, "machine": machine.source});
        if let (Some(answer), Ok(serde_json::Value::Object(why))) =
            (answer.as_object_mut(), serde_json::to_value(&why))
        {
            answer.extend(why);
        }
        output::json(&answer)?;
    } else {
        output::answer(&text(args, &world, &why))?;
    }
    if let Some(recipe) = recipe.filter(|recipe| recipe.recipe_id != why.selected.recipe_id) {
        let id = &recipe.recipe_id;
        output::line(
            "note",
            &format!("`{id}` is not chosen: `aim-engine why-not {id}` says why"),
        );
    }
    Ok(Exit::Done)
}

fn text(args: &WhyArgs, world: &World<'_>, why: &Why) -> String {
    let style = args.shown.style();
    let mut out = wrapped(&why.says, style.columns).join("\n");
    out.push('\n');
    if args.shown.format == ExplainFormat::Human && style.columns >= reports::NARROWEST {
        out.push_str(&reports::choice(world, why, style.columns));
    }
    if !why.beats.is_empty() {
        section(&mut out, "It comes before");
        let most = if args.shown.all() {
            usize::MAX
        } else {
            MOST_LISTED
        };
        for beaten in why.beats.iter().take(most) {
            let line = format!("{}: {}", beaten.configuration, beaten.says);
            for (at, line) in wrapped(&line, style.columns.saturating_sub(4))
                .iter()
                .enumerate()
            {
                let indent = if at == 0 { "  " } else { "    " };
                out.push_str(&format!("{indent}{line}\n"));
            }
        }
        if let Some(more) = why.beats.len().checked_sub(most).filter(|more| *more > 0) {
            out.push_str(&format!("  and {more} more (`--full` shows them)\n"));
        }
    }
    if why.rejected > 0 {
        let (were, one) = if why.rejected == 1 {
            ("was", "")
        } else {
            ("were", "s")
        };
        let says = format!(
            "{} configuration{one} {were} rejected: `aim-engine why-not RECIPE` says why.",
            why.rejected
        );
        out.push('\n');
        out.push_str(&wrapped(&says, style.columns).join("\n"));
        out.push('\n');
    }
    section(&mut out, "Because");
    for line in tree(&why.proof, style) {
        out.push_str(&line);
        out.push('\n');
    }
    out
}

fn tuples(args: &WhyArgs, session: &Session, rules: Rules) -> Result<Exit, Failure> {
    let pattern = pattern(&rules, &args.what)?;
    let world = world_of(
        session,
        rules,
        &pattern,
        &args.question,
        &args.what,
        args.gpus(),
    )?;
    let facts = matching(&world, &pattern);
    if facts.is_empty() {
        if args.shown.is_json() {
            output::json(&json!({"pattern": world.written(&pattern), "count": 0, "facts": []}))?;
        }
        return Err(none(&world, &pattern));
    }
    let most = if args.shown.all() {
        usize::MAX
    } else {
        MOST_LISTED
    };
    let shown = facts.get(..most.min(facts.len())).unwrap_or_default();
    let nodes = prove_each(&world, shown, args.shown.depth(PROOF_DEPTH));
    if args.shown.is_json() {
        let pattern = world.written(&pattern);
        output::json(&json!({"pattern": pattern, "count": facts.len(), "facts": nodes}))?;
        return Ok(Exit::Done);
    }
    let mut out = String::new();
    for node in &nodes {
        if !out.is_empty() {
            out.push('\n');
        }
        for line in tree(node, args.shown.style()) {
            out.push_str(&line);
            out.push('\n');
        }
    }
    output::answer(&out)?;
    if facts.len() > nodes.len() {
        let more = facts.len() - nodes.len();
        output::line(
            "note",
            &format!("{more} more tuples match; --full shows them"),
        );
    }
    Ok(Exit::Done)
}

fn none(world: &World<'_>, pattern: &Pattern) -> Failure {
    let written = world.written(pattern);
    Failure::say(
        Exit::No,
        "explain::no_such_tuple",
        format!("nothing matches `{written}`"),
        format!("`aim-engine why-not '{written}'` says why, with the same flags"),
    )
}
