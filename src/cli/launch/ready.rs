//! What is said when a model is served.

use std::time::Duration;

use serde::Serialize;

use crate::cli::args::TableFormat;
use crate::cli::containers::duration;
use crate::cli::failure::Failure;
use crate::cli::output;
use crate::container::{Engine, served_model};
use crate::launch::Selected;
use crate::plan::LaunchPlan;

const PATIENCE: Duration = Duration::from_secs(5);

/// A container that was launched.
pub(super) struct Launched<'a> {
    pub engine: Engine,
    pub id: &'a str,
    pub model: &'a str,
    pub selected: &'a Selected,
    pub plan: &'a LaunchPlan,
    /// How long it took until it answered; none when nobody waited for that.
    pub took: Option<Duration>,
}

#[derive(Serialize)]
struct Document<'a> {
    name: &'a str,
    id: &'a str,
    engine: &'static str,
    state: &'static str,
    model: &'a str,
    served_as: Option<String>,
    recipe: &'a str,
    backend: &'a str,
    gpu_ids: &'a [u32],
    port: u16,
    url: String,
    health_url: String,
    image: &'a str,
    seconds: Option<u64>,
}

pub(super) fn say(launched: &Launched<'_>, format: TableFormat) -> Result<(), Failure> {
    let Launched {
        engine,
        id,
        model,
        selected,
        plan,
        took,
    } = launched;
    let url = format!("http://127.0.0.1:{}", plan.port);
    let served_as = took.and_then(|_| served_model(plan.port, PATIENCE));
    if format == TableFormat::Json {
        output::json(&Document {
            name: &plan.name,
            id,
            engine: engine.program(),
            state: if took.is_some() { "ready" } else { "starting" },
            model,
            served_as,
            recipe: &selected.recipe_id,
            backend: &selected.backend,
            gpu_ids: &plan.gpu_ids,
            port: plan.port,
            health_url: format!("{url}{}", plan.health_path),
            url,
            image: &plan.image,
            seconds: took.map(|took| took.as_secs()),
        })?;
        return Ok(());
    }
    let name = &plan.name;
    let mut text = match took {
        Some(took) => format!(
            "{model} answers at {url} after {}\n",
            duration(took.as_secs())
        ),
        None => format!("{model} is starting, and will answer at {url}\n"),
    };
    text.push_str(&format!(
        "\nTry it:\n{}\n",
        curl(&url, served_as.as_deref())
    ));
    if plan.detach {
        text.push_str(&format!(
            "\nSee its log: aim-engine logs -f {name}\nStop it:     aim-engine stop {name}\n"
        ));
    } else {
        text.push_str(&format!(
            "\nStop it: Ctrl-C, or elsewhere: aim-engine stop {name}\n"
        ));
    }
    output::answer(&text)?;
    Ok(())
}

/// A command that shows that it works; with the name of the model where the engine has told it.
fn curl(url: &str, served_as: Option<&str>) -> String {
    let Some(model) = served_as else {
        return format!("  curl {url}/v1/models");
    };
    let message = serde_json::json!({
        "model": model,
        "messages": [{"role": "user", "content": "Hello!"}],
    });
    let message = message.to_string();
    let quoted = shlex::try_quote(&message).map_or_else(|_| message.clone(), |text| text.into());
    format!(
        "  curl {url}/v1/chat/completions \\\n    -H 'Content-Type: application/json' \\\n    -d {quoted}"
    )
}
