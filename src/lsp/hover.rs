//! What a flag, a field, a model or a GPU is.

use std::fmt::Write as _;
use std::ops::Range;

use crate::catalog::hardware::Hardware;
use crate::catalog::kind::Kind;
use crate::catalog::model::Model;
use crate::schema;

use super::question::{Named, Question};
use super::spot::{Spot, What};

/// Markdown, and the bytes that it is about.
pub(super) fn hover(question: &Question<'_>) -> Option<(String, Range<usize>)> {
    let spot = question.spot()?;
    let text = of_flag(question, &spot)
        .or_else(|| of_value(question, &spot))
        .or_else(|| of_field(question, &spot))?;
    Some((text, spot.bytes))
}

fn of_flag(question: &Question<'_>, spot: &Spot) -> Option<String> {
    let engine = question.engine(&spot.above)?;
    let path = spot.path();
    let written = path.last()?;
    let title = engine.title();
    let Some(flag) = engine.flag(written) else {
        return Some(match engine.meant(written) {
            Some(meant) => {
                let known = engine.flag(meant).map(|flag| engine.describe(&flag));
                let known = known.map_or_else(String::new, |text| format!("\n\n---\n\n{text}"));
                format!("`{written}` is no flag of {title}, which calls it `{meant}`.{known}")
            }
            None => format!("`{written}` is not known to be a flag of {title}."),
        });
    };
    let mut text = engine.describe(&flag);
    let choices = flag.values();
    if matches!(spot.what, What::ValueOf(_)) && !choices.is_empty() && !choices.contains(&spot.text)
    {
        let _ = writeln!(text, "\n`{}` is none of its values.", spot.text);
    }
    Some(text)
}

fn of_value(question: &Question<'_>, spot: &Spot) -> Option<String> {
    let store = &question.catalog.store;
    match question.named(spot)? {
        Named::Model => store.model(&spot.text).ok()?.map(|model| of_model(&model)),
        Named::Hardware => store
            .hardware(&spot.text)
            .ok()?
            .map(|hardware| of_hardware(&hardware)),
        Named::Precision | Named::RecipeFile => None,
    }
}

fn of_field(question: &Question<'_>, spot: &Spot) -> Option<String> {
    let path = spot.path();
    let said = schema::describe(&question.schema()?, &path)?;
    let key = path.last()?;
    let backend = question
        .catalog
        .backend_of(key)
        .filter(|_| question.kind == Kind::Recipe);
    Some(match backend {
        Some(backend) => {
            let title = backend.title.as_ref().unwrap_or(&backend.backend);
            format!("`{key}`\n\n{said}\n\nThis is the section of {title}.")
        }
        None => format!("`{key}`\n\n{said}"),
    })
}

fn of_model(model: &Model) -> String {
    let name = model.name.as_deref().or(model.id()).unwrap_or_default();
    let mut text = format!("**{name}**\n\n");
    let mut say = |what: &str, said: Option<String>| {
        if let Some(said) = said {
            let _ = writeln!(text, "- {what}: {said}");
        }
    };
    say("id", model.id().map(|id| format!("`{id}`")));
    let millions = model.parameters_millions();
    let billions = millions.map(|millions| format!("{:.1} billion", millions / 1000.0));
    say("parameters", billions.or_else(|| model.size.clone()));
    say("published in", model.weights_precision.clone());
    say("weights", model.weights_gib.map(|gib| format!("{gib} GiB")));
    say(
        "longest context",
        model
            .context_length
            .map(|tokens| format!("{tokens} tokens")),
    );
    if let Some(attention) = &model.attention {
        say("layers", Some(attention.layers.to_string()));
        say("heads", attention.heads.map(|heads| heads.to_string()));
        say(
            "key/value heads",
            attention.kv_heads.map(|heads| heads.to_string()),
        );
    }
    say("readiness", model.readiness_level.clone());
    say("licence", model.license.clone());
    say(
        "gated",
        model.gated.then(|| "the hub asks for a token".to_owned()),
    );
    text
}

fn of_hardware(hardware: &Hardware) -> String {
    let mut text = format!("**{}**\n\n", hardware.hardware);
    let mut say = |what: &str, said: Option<String>| {
        if let Some(said) = said {
            let _ = writeln!(text, "- {what}: {said}");
        }
    };
    let gfx = match &hardware.architecture {
        Some(architecture) => format!("{} ({architecture})", hardware.gfx),
        None => hardware.gfx.clone(),
    };
    say("architecture", Some(gfx));
    say(
        "memory of a device",
        Some(format!("{:.0} GiB", f64::from(hardware.vram_mib) / 1024.0)),
    );
    say(
        "devices of a board",
        (hardware.devices > 1).then(|| hardware.devices.to_string()),
    );
    let native = hardware.native_precisions.join(", ");
    say(
        "computes in",
        Some(native).filter(|native| !native.is_empty()),
    );
    say("fp8", hardware.fp8_format.clone());
    say(
        "bandwidth of a device",
        hardware.bandwidth_gb_s.map(|gb| format!("{gb} GB/s")),
    );
    text
}
