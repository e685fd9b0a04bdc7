//! Cards in any style of writing, after an update: each figure is right, and all else is as it was.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test that cannot go on ends"
)]

mod models;

use aim_engine::card::{Made, update};
use aim_engine::catalog::yaml::{self, Node};
use proptest::prelude::*;
use serde_json::json;

use models::Files;
use models::shapes::decoder;

fn made() -> Made {
    let config = json!({"model_type": "qwen3", "hidden_size": 64, "intermediate_size": 128,
        "num_hidden_layers": 4, "num_attention_heads": 4, "num_key_value_heads": 2,
        "head_dim": 16, "vocab_size": 200, "max_position_embeddings": 40_960,
        "use_sliding_window": false, "tie_word_embeddings": false, "torch_dtype": "bfloat16"});
    let mut files = Files::of(&config);
    files.add_weights("model.safetensors", &decoder(&config, "BF16"));
    files.made().unwrap()
}

/// How a card is written.
#[derive(Clone, Debug)]
struct Style {
    line_end: &'static str,
    last_line_end: bool,
    flow: bool,
    order: Vec<usize>,
    values: Vec<Option<&'static str>>,
    comments: Vec<bool>,
    sources: bool,
    uncertain: bool,
}

fn style() -> impl Strategy<Value = Style> {
    let value = prop::sample::select(vec![
        None,
        Some("1"),
        Some("\"2\""),
        Some("'3'"),
        Some(""),
        Some("null"),
        Some("4"),
        Some("bf16"),
        Some("40960"),
        Some("0x10"),
    ]);
    (
        prop::sample::select(vec!["\n", "\r\n"]),
        any::<bool>(),
        any::<bool>(),
        Just((0..6).collect::<Vec<usize>>()).prop_shuffle(),
        prop::collection::vec(value, 7),
        prop::collection::vec(any::<bool>(), 8),
        any::<bool>(),
        any::<bool>(),
    )
        .prop_map(
            |(line_end, last_line_end, flow, order, values, comments, sources, uncertain)| Style {
                line_end,
                last_line_end,
                flow,
                order,
                values,
                comments,
                sources,
                uncertain,
            },
        )
}

impl Style {
    fn text(&self) -> String {
        let comment = |at: usize| match self.comments[at] {
            true => format!(" # about {at}"),
            false => String::new(),
        };
        let single = |key: &str, at: usize| {
            let value = self.values[at]?;
            Some(format!("{key}: {value}{}", comment(at)))
        };
        let attention = || {
            let of: Vec<String> = ["layers", "kv_heads", "head_dim"]
                .iter()
                .zip(&self.values[3..6])
                .filter_map(|(key, value)| {
                    let value = value.filter(|value| !self.flow || !value.is_empty())?;
                    Some(format!("{key}: {value}"))
                })
                .collect();
            match (of.is_empty(), self.flow) {
                (true, _) => None,
                (false, true) => Some(format!("attention: {{{}}}{}", of.join(", "), comment(3))),
                (false, false) => {
                    let end = self.line_end;
                    Some(format!(
                        "attention:{}{end}  {}",
                        comment(3),
                        of.join(&format!("{end}  "))
                    ))
                }
            }
        };
        let blocks = [
            single("parameters", 0),
            single("weights_precision", 1),
            single("context_length", 2),
            attention(),
            self.uncertain
                .then(|| "uncertain: [parameters, builder, context_length]".to_owned()),
            self.sources
                .then(|| format!("sources:{}  parameters: a guess", self.line_end)),
        ];
        let mut lines = vec![
            "# A card".to_owned(),
            "huggingface_id: acme/Rocket".to_owned(),
        ];
        lines.extend(self.order.iter().filter_map(|at| blocks[*at].clone()));
        let mut text = lines.join(self.line_end);
        if self.last_line_end {
            text.push_str(self.line_end);
        }
        text
    }
}

fn says(root: &Node, key: &str) -> Option<String> {
    let node = key.split('.').try_fold(root, |node, step| node.get(step))?;
    node.text().map(str::to_owned)
}

proptest! {
    #![proptest_config(ProptestConfig {
        failure_persistence: None,
        ..ProptestConfig::with_cases(300)
    })]

    #[test]
    fn figures_are_right_and_all_else_stays(style in style()) {
        let made = made();
        let before = style.text();
        let updated = update(&before, &made).unwrap();
        let after = &updated.text;
        let root = yaml::read(after).unwrap_or_else(|problems| panic!("{problems:?}\n{after}"));
        for value in made.values() {
            let by_hand = updated.notes.iter().any(|note| note.contains(&format!("`{}` is", value.key)));
            prop_assert!(
                says(&root, value.key).as_deref() == Some(&value.value) || by_hand,
                "{}: {:?} in\n{after}\n{:?}", value.key, says(&root, value.key), updated.notes
            );
            prop_assert!(!by_hand, "{:?} in\n{before}", updated.notes);
        }
        for (at, is_there) in style.comments.iter().enumerate() {
            let comment = format!("# about {at}");
            prop_assert_eq!(before.contains(&comment), after.contains(&comment), "{} {}", is_there, after);
        }
        let head = format!("# A card{}huggingface_id: acme/Rocket", style.line_end);
        prop_assert!(after.starts_with(&head));
        prop_assert_eq!(before.ends_with('\n'), after.ends_with('\n'));
        let lone = after.replace("\r\n", "").contains(if style.line_end == "\n" { '\r' } else { '\n' });
        prop_assert!(!lone, "mixed line ends in {after:?}");
        let again = update(after, &made).unwrap();
        prop_assert!(again.changes.is_empty(), "{:?}", again.changes);
        prop_assert_eq!(&again.text, after);
    }
}
