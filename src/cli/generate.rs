//! `generate`: the decision, printed.

use std::path::{Path, PathBuf};

use crate::catalog::typed::nearest;
use crate::detect::Extent;
use crate::launch::{Answer, Detail, Request, Wishes, cache_dir};
use crate::plan::{CACHE_PATH, LaunchPlan};
use crate::render::{RenderError, compose, exec, quadlet, script};

use super::args::{ContainerArgs, GenerateArgs, GenerateFormat, MachineArgs, WantedArgs};
use super::batch;
use super::failure::{Exit, Failure};
use super::machine::machine_to;
use super::made::made;
use super::output;
use super::session::Session;

pub(super) fn run(args: &GenerateArgs) -> Result<Exit, Failure> {
    let file = recipe_file(&args.wanted);
    let mut session = Session::open(&args.catalog, file)?;
    let mut wishes = wishes(&args.container);
    if args.format == GenerateFormat::Exec {
        wishes.cache_dir = cache_dir_beside_engine(args.container.cache_dir.clone());
        wishes.bare = true;
    }
    session.look_into(cache_of(&args.machine, &wishes));
    let policy = session.policy()?;
    if let Some(batch) = &args.batch {
        return batch::run(&session, &policy, args, batch);
    }
    let model = args.model.as_deref().unwrap_or_default();
    let asked = args.count.get();
    let request = request(&session, model, asked, &args.wanted)?;
    let machine = machine_to(Extent::Usage, &args.machine, request.gpus, &session.store)?;
    let json = args.format == GenerateFormat::Json;
    let detail = if json || args.explain {
        Detail::Search
    } else {
        Detail::Choice
    };
    let made = match made(&session, &policy, &request, &machine, &wishes, detail) {
        Ok(made) => made,
        Err(no) if json => {
            if let Some(decision) = &no.decision {
                let answer = Answer::new(&request, &machine, decision, None);
                output::json(&answer.with_error(no.message.clone()))?;
            }
            return Err(no.failure);
        }
        Err(no) => return Err(no.failure),
    };
    if json {
        made.say_choice();
        output::json(&Answer::new(
            &request,
            &machine,
            &made.decision,
            Some(&made.planned),
        ))?;
    } else {
        made.say();
        let comments = if args.explain {
            made.comments(&request)
        } else {
            Vec::new()
        };
        let text = match args.format {
            GenerateFormat::Docker | GenerateFormat::Json => made.printed(&comments)?,
            target => written(target, &made.planned.0.plan, &comments).map_err(unwritable)?,
        };
        output::answer(&text)?;
    }
    Ok(Exit::Done)
}

/// The cache that a plan's engine will see, where it can be looked at: not that of a machine whose facts come from
/// elsewhere.
pub(super) fn cache_of(machine: &MachineArgs, wishes: &Wishes) -> Option<PathBuf> {
    let is_elsewhere = machine.host.is_some() || machine.root.is_some();
    (wishes.cache_dir.clone()).filter(|_| !is_elsewhere)
}

fn written(
    target: GenerateFormat,
    plan: &LaunchPlan,
    comments: &[String],
) -> Result<String, RenderError> {
    match target {
        GenerateFormat::Compose => compose::file(plan, comments),
        GenerateFormat::Quadlet => quadlet::file(plan, comments),
        GenerateFormat::Script => script::file(plan, comments),
        _ => Ok(exec::run(plan)?.printed(comments)?),
    }
}

fn unwritable(error: RenderError) -> Failure {
    Failure::new(Exit::Usage, error)
}

/// Where models are kept for an engine that runs here and not in a container of the plan: as asked,
/// else where a container has them, else as on a host.
pub(super) fn cache_dir_beside_engine(asked: Option<PathBuf>) -> Option<PathBuf> {
    let is_set = std::env::var_os("AIM_CACHE_DIR").is_some_and(|dir| !dir.is_empty());
    let mounted = Path::new(CACHE_PATH);
    if asked.is_none() && !is_set && mounted.is_dir() {
        return Some(mounted.to_owned());
    }
    cache_dir(asked)
}

/// `--recipe` as a file, where it names one.
pub(super) fn recipe_file(wanted: &WantedArgs) -> Option<&Path> {
    let recipe = Path::new(wanted.recipe.as_deref()?);
    let named_as_file = recipe
        .extension()
        .is_some_and(|ending| ending == "yaml" || ending == "yml");
    (named_as_file || recipe.is_file()).then_some(recipe)
}

/// The request of the command line, its recipe by id.
pub(super) fn request(
    session: &Session,
    model: &str,
    gpus: Option<u32>,
    wanted: &WantedArgs,
) -> Result<Request, Failure> {
    let recipe = match (recipe_file(wanted), &wanted.recipe) {
        (Some(file), _) => Some(recipe_of(session, file)?),
        (None, Some(id)) => Some(known_recipe(session, id)?),
        (None, None) => None,
    };
    let request = Request {
        model: model.to_owned(),
        gpus,
        precision: wanted.precision.clone(),
        backend: wanted.backend.clone(),
        metric: wanted.metric.map(|metric| metric.name().to_owned()),
        strict: wanted.strict,
        recipe,
        allow_unknown_flags: wanted.allow_unknown_flags,
    };
    Ok(request.folded())
}

pub(super) fn recipe_of(session: &Session, file: &Path) -> Result<String, Failure> {
    let path = file.display().to_string();
    session.store.recipe_of_file(&path)?.ok_or_else(|| {
        Failure::say(
            Exit::No,
            "catalog::broken_recipe",
            format!("`{path}` holds no recipe that can be used"),
            "mend what is reported above",
        )
    })
}

fn known_recipe(session: &Session, id: &str) -> Result<String, Failure> {
    let ids = session.store.recipe_ids()?;
    if ids.iter().any(|known| known == id) {
        return Ok(id.to_owned());
    }
    let help = match nearest(id, ids.iter().map(String::as_str)) {
        Some(near) => format!("did you mean `{near}`? `aim-engine list recipes` shows all"),
        None => "`aim-engine list recipes` shows all; a file is named by its path".to_owned(),
    };
    Err(Failure::say(
        Exit::No,
        "catalog::unknown_recipe",
        format!("unknown recipe `{id}`"),
        help,
    ))
}

pub(super) fn wishes(args: &ContainerArgs) -> Wishes {
    Wishes {
        port: args.port,
        image: args.image.clone(),
        name: args.name.clone(),
        gpu_ids: args.gpu_ids.clone(),
        cache_dir: cache_dir(args.cache_dir.clone()),
        cdi: args.cdi,
        bare: false,
        detach: args.detach,
    }
}
