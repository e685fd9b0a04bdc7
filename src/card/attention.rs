//! The figures of a model's attention, from its configuration.

use super::config::Config;
use super::error::{CardError, shown};
use super::figure::Figure;
use super::layers;

/// The figures that the key/value cache needs, as far as they are known.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AttentionFigures {
    /// Hidden layers.
    pub layers: Option<Figure<u32>>,
    /// Layers whose cache grows with the sequence, where fewer than all do.
    pub cached_layers: Option<Figure<u32>>,
    /// Query heads.
    pub heads: Option<Figure<u32>>,
    /// Key/value heads.
    pub kv_heads: Option<Figure<u32>>,
    /// Values in one head.
    pub head_dim: Option<Figure<u32>>,
    /// Rank of the compressed key/value cache.
    pub kv_lora_rank: Option<Figure<u32>>,
    /// Values of the rotary part beside it.
    pub rope_dim: Option<Figure<u32>>,
    /// Tokens that a sliding-window layer holds.
    pub sliding_window: Option<Figure<u32>>,
    /// How many layers have that window.
    pub sliding_layers: Option<Figure<u32>>,
}

/// Reads the figures.
///
/// # Errors
/// What is written in the place of a figure is none.
pub(super) fn attention(
    config: &Config,
    notes: &mut Vec<String>,
) -> Result<AttentionFigures, CardError> {
    let mut figures = AttentionFigures {
        layers: config.figure("layers")?,
        heads: config.figure("heads")?,
        ..AttentionFigures::default()
    };
    figures.kv_lora_rank = config.figure("kv_lora_rank")?;
    if figures.kv_lora_rank.is_some() {
        figures.rope_dim = config.figure("rope_dim")?;
    } else {
        figures.kv_heads = config.figure("kv_heads")?;
        figures.head_dim = match config.figure("head_dim")? {
            None => shared_width(config, figures.heads.as_ref())?,
            written => written,
        };
    }
    if let Some(layers) = &figures.layers {
        let kept = layers::kept(config, layers.value)?;
        let window = config.figure_or_zero("window")?;
        match kept {
            None => notes.push(format!(
                "which layers of {} keep a window or nothing is not known: \
                 `attention.cached_layers` and `attention.sliding_layers` are to be looked up",
                shown(&config.model_type)
            )),
            Some(kept) => {
                let (value, from) = (kept.value, kept.from);
                if value.cached < layers.value {
                    figures.cached_layers = Some(Figure::new(value.cached, from.clone()));
                }
                if value.windows > 0 {
                    figures.sliding_layers = Some(Figure::new(value.windows, from));
                    figures.sliding_window = window;
                }
            }
        }
    }
    doubt(config, &mut figures);
    Ok(figures)
}

/// The width of the model over its heads, where each head has its share of it.
fn shared_width(
    config: &Config,
    heads: Option<&Figure<u32>>,
) -> Result<Option<Figure<u32>>, CardError> {
    let (Some(width), Some(heads)) = (config.figure("width")?, heads) else {
        return Ok(None);
    };
    let dim = width.value / heads.value.max(1);
    let is_whole = dim > 0 && width.value.is_multiple_of(heads.value.max(1));
    let from = format!("{} / {}", width.from, heads.from);
    Ok(is_whole.then(|| Figure::new(dim, from)))
}

/// What is known to be more than these figures say, and model types of which nothing is known.
fn doubt(config: &Config, figures: &mut AttentionFigures) {
    let Some(family) = config.family else {
        let because = match config.model_type.as_str() {
            "" => "it says no `model_type`".to_owned(),
            other => format!("nothing is known of the model type {}", shown(other)),
        };
        figures.layers = figures.layers.take().map(|figure| figure.doubted(because));
        return;
    };
    for (name, figure) in figures.named_mut() {
        if let (Some(because), Some(known)) = (family.uncertain.get(name), figure.as_mut()) {
            known.doubt = Some(because.clone());
        }
    }
}

impl AttentionFigures {
    /// The figures by their keys in a card, in its order.
    pub fn named(&self) -> [(&'static str, &Option<Figure<u32>>); 9] {
        [
            ("attention.layers", &self.layers),
            ("attention.cached_layers", &self.cached_layers),
            ("attention.heads", &self.heads),
            ("attention.kv_heads", &self.kv_heads),
            ("attention.head_dim", &self.head_dim),
            ("attention.kv_lora_rank", &self.kv_lora_rank),
            ("attention.rope_dim", &self.rope_dim),
            ("attention.sliding_window", &self.sliding_window),
            ("attention.sliding_layers", &self.sliding_layers),
        ]
    }

    fn named_mut(&mut self) -> [(&'static str, &mut Option<Figure<u32>>); 9] {
        [
            ("attention.layers", &mut self.layers),
            ("attention.cached_layers", &mut self.cached_layers),
            ("attention.heads", &mut self.heads),
            ("attention.kv_heads", &mut self.kv_heads),
            ("attention.head_dim", &mut self.head_dim),
            ("attention.kv_lora_rank", &mut self.kv_lora_rank),
            ("attention.rope_dim", &mut self.rope_dim),
            ("attention.sliding_window", &mut self.sliding_window),
            ("attention.sliding_layers", &mut self.sliding_layers),
        ]
    }
}
