//! How many parameters the tensors of a model are.

use std::collections::BTreeMap;

use super::knowledge::{WeightNames, knowledge};
use super::precision::{Quantized, of_type};
use super::safetensors::{Tensor, bits_of};

/// What tensors were counted to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Counted {
    /// Parameters that an engine loads.
    pub parameters: u64,
    /// Those of them that belong to routed experts.
    pub experts: u64,
    /// Parameters of layers that predict further tokens.
    pub prediction: u64,
    /// Bytes of all tensors.
    pub bytes: u64,
    /// Parameters by the precision of their tensors.
    pub by_precision: BTreeMap<String, u64>,
    /// Parameters in packed tensors.
    pub packed: u64,
    /// A tensor of which it is not known how many parameters it is, and its type.
    pub unknown: Option<(String, String)>,
}

/// Counts tensors.
pub(super) fn count<'t>(
    tensors: impl IntoIterator<Item = &'t Tensor>,
    quantized: Option<&Quantized>,
    layers: Option<u32>,
    is_tied: bool,
) -> Counted {
    let names = &knowledge().weights;
    let mut counted = Counted::default();
    for tensor in tensors {
        counted.bytes = counted.bytes.saturating_add(tensor.bytes);
        let name = tensor.name.as_str();
        let ends = |endings: &[String]| endings.iter().any(|ending| name.ends_with(ending));
        let is_twice = is_tied && names.tied.iter().any(|tied| tied == name);
        if ends(&names.computed) || is_twice || (quantized.is_some() && ends(&names.beside)) {
            continue;
        }
        let Some((parameters, is_packed)) = parameters(tensor, quantized, names) else {
            let first = (tensor.name.clone(), tensor.dtype.clone());
            counted.unknown.get_or_insert(first);
            continue;
        };
        if is_prediction(name, layers, names) {
            counted.prediction = counted.prediction.saturating_add(parameters);
            continue;
        }
        counted.parameters = counted.parameters.saturating_add(parameters);
        if name.contains(&names.expert) {
            counted.experts = counted.experts.saturating_add(parameters);
        }
        if is_packed {
            counted.packed = counted.packed.saturating_add(parameters);
        } else if let Some(precision) = of_type(&tensor.dtype) {
            let of = counted.by_precision.entry(precision).or_default();
            *of = of.saturating_add(parameters);
        }
    }
    counted
}

/// The parameters of a tensor, and whether several are in one value.
fn parameters(
    tensor: &Tensor,
    quantized: Option<&Quantized>,
    names: &WeightNames,
) -> Option<(u64, bool)> {
    let is_float = tensor.dtype.starts_with(['F', 'B']) && tensor.dtype != "BOOL";
    if is_float || tensor.dtype == "I8" {
        return Some((tensor.values, false));
    }
    let quantized = quantized?;
    let container = bits_of(&tensor.dtype)?;
    let packed = names.packed.iter().find(|packed| {
        let mut endings = packed.endings.iter();
        endings.any(|ending| tensor.name.ends_with(ending))
    })?;
    let bits = packed.bits.or(quantized.bits)?;
    let all = tensor.values.checked_mul(container)?;
    // Bits that are no whole parameters are padding of a kind that is not known.
    all.is_multiple_of(bits)
        .then_some((all / bits, container > bits))
}

/// Whether a tensor belongs to a layer that predicts further tokens.
fn is_prediction(name: &str, layers: Option<u32>, names: &WeightNames) -> bool {
    if names.prediction.iter().any(|begin| name.starts_with(begin)) {
        return true;
    }
    let number = names.layers.iter().find_map(|begin| {
        let rest = name.strip_prefix(begin)?;
        rest.split('.').next()?.parse::<u32>().ok()
    });
    matches!((number, layers), (Some(number), Some(layers)) if number >= layers)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tensor(name: &str, dtype: &str, values: u64) -> Tensor {
        Tensor {
            name: name.to_owned(),
            dtype: dtype.to_owned(),
            values,
            bytes: values * bits_of(dtype).unwrap_or(8) / 8,
        }
    }

    fn quantized(bits: u64) -> Quantized {
        Quantized {
            precision: None,
            bits: Some(bits),
            says: String::new(),
        }
    }

    #[test]
    fn packed_weights_are_counted_by_what_is_in_them() {
        for (name, dtype, bits, parameters) in [
            ("a.qweight", "I32", 4, 800),
            ("a.qweight", "I32", 8, 400),
            ("a.weight_packed", "I32", 4, 800),
            ("a.weight_packed", "U8", 4, 200),
            ("a.gate_up_proj_blocks", "U8", 4, 200),
            ("a.weight", "U8", 4, 200),
            ("a.weight", "U8", 8, 100),
            ("a.weight", "F8_E4M3", 8, 100),
            ("a.weight", "F4", 4, 100),
            ("a.norm.weight", "BF16", 4, 100),
        ] {
            let found = count(
                &[tensor(name, dtype, 100)],
                Some(&quantized(bits)),
                None,
                false,
            );
            assert_eq!(
                (found.parameters, found.unknown),
                (parameters, None),
                "{name} {dtype}"
            );
        }
        // 3 bits: 32 values of 32 bits hold 341 and a third.
        let odd = count(
            &[tensor("a.qweight", "I32", 32)],
            Some(&quantized(3)),
            None,
            false,
        );
        assert!(odd.unknown.is_some());
        let plain = count(&[tensor("a.weight", "U8", 100)], None, None, false);
        assert_eq!(plain.unknown, Some(("a.weight".into(), "U8".into())));
    }

    #[test]
    fn what_is_no_parameter_or_not_loaded_is_not_counted() {
        let tensors = [
            tensor("model.embed_tokens.weight", "BF16", 50),
            tensor("lm_head.weight", "BF16", 50),
            tensor("model.layers.0.mlp.experts.1.up_proj.weight", "F8_E4M3", 30),
            tensor(
                "model.layers.0.mlp.experts.1.up_proj.weight_scale_inv",
                "F32",
                3,
            ),
            tensor(
                "model.layers.0.mlp.shared_experts.up_proj.weight",
                "F8_E4M3",
                7,
            ),
            tensor("model.layers.0.self_attn.rotary_emb.inv_freq", "F32", 4),
            tensor("model.layers.2.mlp.experts.1.up_proj.weight", "F8_E4M3", 9),
            tensor("mtp.fc.weight", "BF16", 1),
        ];
        let found = count(&tensors, Some(&quantized(8)), Some(2), true);
        assert_eq!(
            (found.parameters, found.experts, found.prediction),
            (87, 30, 10)
        );
        let untied = count(&tensors, Some(&quantized(8)), Some(2), false);
        assert_eq!(untied.parameters, 137);
        assert_eq!(untied.by_precision.get("fp8"), Some(&37));
    }
}
