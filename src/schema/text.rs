//! A single value, which a file may write as text, as a number or as `true`.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};

/// A single value that is read as it is written, quoted or not.
#[derive(Clone, Debug)]
pub struct Text;

impl JsonSchema for Text {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Text".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({"type": ["string", "number", "boolean"]})
    }
}

/// `true` or `false`, also quoted.
pub(super) struct Switch;

impl JsonSchema for Switch {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Switch".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({"enum": [true, false, "true", "false", "True", "False"]})
    }
}

/// A word for which others may be written too.
pub(super) struct Readiness;

impl JsonSchema for Readiness {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Readiness".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "string",
            "examples": ["production", "preview", "experimental"]
        })
    }
}

macro_rules! key {
    ($(#[$doc:meta])* $name:ident, $pattern:literal) => {
        $(#[$doc])*
        #[derive(PartialEq, Eq, PartialOrd, Ord)]
        pub(super) struct $name;

        impl JsonSchema for $name {
            fn inline_schema() -> bool {
                true
            }

            fn schema_name() -> Cow<'static, str> {
                stringify!($name).into()
            }

            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                json_schema!({"type": "string", "pattern": $pattern})
            }
        }
    };
}

key!(
    /// The key of a backend's blocks, such as `vllm_serve`.
    SectionName,
    "_serve$"
);
key!(
    /// The key of a block: `4_gpu`; `4_gpus` and `4` are read too.
    GpuCount,
    "^0*[1-9][0-9]{0,3}(_gpus?)?$"
);
key!(
    /// The name of an environment variable.
    Variable,
    "^[A-Za-z_][A-Za-z0-9_]*$"
);
key!(
    /// A flag; the dashes may be left out.
    Flag,
    "^[^\\s=]+$"
);
