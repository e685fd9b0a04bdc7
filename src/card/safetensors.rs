//! The header of a safetensors file: its length in 8 bytes, and a JSON map of names to tensors.
//!
//! The header is all that is read. It comes from strangers, so each number in it is checked.

use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, IgnoredAny, MapAccess, Visitor};

use super::error::{CardError, shown};

/// The bytes of the header's length.
pub const LENGTH_BYTES: u64 = 8;
/// The longest header that is read; that of the largest models is not a tenth of it.
pub const MOST_HEADER: u64 = 32 << 20;
/// The longest name of a tensor.
const MOST_NAME: usize = 1_000;
/// The most dimensions of a tensor.
const MOST_DIMENSIONS: usize = 16;

/// A tensor, as a header tells of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tensor {
    /// Its name.
    pub name: String,
    /// The type of its values, such as `BF16`.
    pub dtype: String,
    /// How many values it has.
    pub values: u64,
    /// How many bytes they take.
    pub bytes: u64,
}

/// The length of a header, from the first 8 bytes of its file.
///
/// # Errors
/// It cannot be the length of one, in a file of `size` bytes.
pub fn header_length(file: &str, first: &[u8], size: Option<u64>) -> Result<u64, CardError> {
    let wrong = |because: String| CardError::Safetensors {
        file: file.to_owned(),
        because,
    };
    let first: [u8; 8] = first
        .try_into()
        .map_err(|_| wrong("it ends before the length of its header".to_owned()))?;
    let length = u64::from_le_bytes(first);
    if length < 2 {
        return Err(wrong("it has no header".to_owned()));
    }
    if size.is_some_and(|size| length > size.saturating_sub(LENGTH_BYTES)) {
        return Err(wrong(format!(
            "its header of {length} bytes is longer than the file"
        )));
    }
    if length > MOST_HEADER {
        return Err(wrong(format!(
            "its header of {length} bytes is longer than {MOST_HEADER}"
        )));
    }
    Ok(length)
}

/// The tensors of a header, in a file of `size` bytes.
///
/// # Errors
/// It is no header, or its tensors are not in the file.
pub fn tensors(file: &str, header: &[u8], size: Option<u64>) -> Result<Vec<Tensor>, CardError> {
    let wrong = |because: String| CardError::Safetensors {
        file: file.to_owned(),
        because,
    };
    let Header(entries) =
        serde_json::from_slice(header).map_err(|error| wrong(error.to_string()))?;
    let data = size.map(|size| size.saturating_sub(LENGTH_BYTES + header.len() as u64));
    let mut tensors = Vec::with_capacity(entries.len());
    let mut places: Vec<(u64, u64)> = Vec::with_capacity(entries.len());
    for (name, entry) in entries {
        let about = |because: &str| wrong(format!("{} {because}", shown(&name)));
        if name.len() > MOST_NAME || entry.shape.len() > MOST_DIMENSIONS {
            return Err(about("has a name or a shape longer than any"));
        }
        let values = entry
            .shape
            .iter()
            .try_fold(1_u64, |all, one| all.checked_mul(*one));
        let values = values.ok_or_else(|| about("has more values than there can be"))?;
        let (begin, end) = entry.data_offsets;
        let bytes = end
            .checked_sub(begin)
            .ok_or_else(|| about("ends before it begins"))?;
        if data.is_some_and(|data| end > data) {
            return Err(about("is beyond the end of the file"));
        }
        if let Some(bits) = bits_of(&entry.dtype)
            && values.checked_mul(bits).map(|bits| bits.div_ceil(8)) != Some(bytes)
        {
            return Err(about("has another size than its shape and type say"));
        }
        if bytes > 0 {
            places.push((begin, end));
        }
        tensors.push(Tensor {
            name,
            dtype: entry.dtype,
            values,
            bytes,
        });
    }
    places.sort_unstable();
    let overlap = places
        .windows(2)
        .any(|pair| matches!(pair, [one, next] if one.1 > next.0));
    if overlap {
        return Err(wrong("tensors of it lie on one another".to_owned()));
    }
    Ok(tensors)
}

/// Bits of a value; none of types that are not known.
pub(super) fn bits_of(dtype: &str) -> Option<u64> {
    Some(match dtype {
        "F64" | "I64" | "U64" | "C64" => 64,
        "F32" | "I32" | "U32" => 32,
        "F16" | "BF16" | "I16" | "U16" => 16,
        "F8_E4M3" | "F8_E5M2" | "F8_E8M0" | "F8_E4M3FNUZ" | "F8_E5M2FNUZ" | "I8" | "U8"
        | "BOOL" => 8,
        "F6_E2M3" | "F6_E3M2" => 6,
        "F4" => 4,
        _ => return None,
    })
}

/// A tensor as it is written.
#[derive(Deserialize)]
struct Entry {
    dtype: String,
    shape: Vec<u64>,
    data_offsets: (u64, u64),
}

/// The tensors in the order of the text.
struct Header(Vec<(String, Entry)>);

impl<'de> Deserialize<'de> for Header {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(Entries)
    }
}

struct Entries;

impl<'de> Visitor<'de> for Entries {
    type Value = Header;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a map of tensors")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Header, A::Error> {
        let mut entries = Vec::new();
        let mut names = std::collections::HashSet::new();
        while let Some(name) = map.next_key::<String>()? {
            if name == "__metadata__" {
                map.next_value::<IgnoredAny>()?;
                continue;
            }
            if !names.insert(name.clone()) {
                let name = shown(&name);
                return Err(serde::de::Error::custom(format_args!(
                    "{name} is there twice"
                )));
            }
            entries.push((name, map.next_value()?));
        }
        Ok(Header(entries))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(header: &str, data: u64) -> Result<Vec<Tensor>, String> {
        let size = LENGTH_BYTES + header.len() as u64 + data;
        tensors("m.safetensors", header.as_bytes(), Some(size)).map_err(|error| error.to_string())
    }

    #[test]
    fn tensors_are_read_and_nothing_else() {
        let header = r#"{"__metadata__": {"format": "pt"},
            "a.weight": {"dtype": "BF16", "shape": [2, 3], "data_offsets": [0, 12]},
            "b": {"dtype": "F4", "shape": [3], "data_offsets": [12, 14]},
            "scalar": {"dtype": "F32", "shape": [], "data_offsets": [14, 18]},
            "later": {"dtype": "F3", "shape": [8], "data_offsets": [18, 21]}}   "#;
        let read = read(header, 21).unwrap();
        let found: Vec<_> = read
            .iter()
            .map(|tensor| (tensor.name.as_str(), tensor.values, tensor.bytes))
            .collect();
        assert_eq!(
            found,
            [
                ("a.weight", 6, 12),
                ("b", 3, 2),
                ("scalar", 1, 4),
                ("later", 8, 3)
            ]
        );
    }

    #[test]
    fn what_is_no_header_is_refused() {
        for (header, because) in [
            ("", "EOF"),
            ("[]", "a map of tensors"),
            (r#"{"a": 1}"#, "invalid type"),
            (
                r#"{"a": {"dtype": "F32", "shape": [1], "data_offsets": [0, 5]}}"#,
                "another size",
            ),
            (
                r#"{"a": {"dtype": "F32", "shape": [1], "data_offsets": [4, 0]}}"#,
                "ends before",
            ),
            (
                r#"{"a": {"dtype": "F32", "shape": [9], "data_offsets": [0, 36]}}"#,
                "beyond the end",
            ),
            (
                r#"{"a": {"dtype": "F32", "shape": [4294967296, 4294967296, 2], "data_offsets": [0, 4]}}"#,
                "more values",
            ),
            (
                r#"{"a": {"dtype": "F32", "shape": [-1], "data_offsets": [0, 4]}}"#,
                "invalid value",
            ),
            (
                r#"{"a": {"dtype": "F32", "shape": [1], "data_offsets": [0, 4]},
                    "a": {"dtype": "F32", "shape": [1], "data_offsets": [4, 8]}}"#,
                "there twice",
            ),
            (
                r#"{"a": {"dtype": "F32", "shape": [1], "data_offsets": [0, 4]},
                    "b": {"dtype": "F32", "shape": [1], "data_offsets": [2, 6]}}"#,
                "on one another",
            ),
        ] {
            let error = read(header, 8).unwrap_err();
            assert!(error.contains(because), "{header}: {error}");
            assert!(
                error.starts_with("`m.safetensors` is no safetensors file"),
                "{error}"
            );
        }
    }

    #[test]
    fn a_length_is_believed_only_where_it_can_be_one() {
        let length = |bytes: &[u8], size| header_length("m", bytes, size).ok();
        assert_eq!(length(&9_u64.to_le_bytes(), Some(17)), Some(9));
        assert_eq!(length(&9_u64.to_le_bytes(), None), Some(9));
        assert_eq!(length(&9_u64.to_le_bytes(), Some(16)), None);
        assert_eq!(length(&u64::MAX.to_le_bytes(), None), None);
        assert_eq!(
            length(&(MOST_HEADER + 1).to_le_bytes(), Some(u64::MAX)),
            None
        );
        assert_eq!(length(&[0; 8], None), None);
        assert_eq!(length(&[1, 2, 3], None), None);
        assert_eq!(length(b"<html>..", None), None);
    }
}
