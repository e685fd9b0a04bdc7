//! A GPU as the operating system shows it: `catalog/hardware/*.yaml`.

use serde::{Deserialize, Serialize};

use super::problem::Problem;
use super::typed::{scalar_text, typed};
use super::yaml::Node;

/// What a hardware file says.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Hardware {
    /// The name that recipes use.
    pub hardware: String,
    /// The compiler's name of the architecture, such as `gfx942`.
    pub gfx: String,
    /// The name of the architecture, such as `CDNA3`.
    #[serde(default)]
    pub architecture: Option<String>,
    /// Memory of one device as the operating system shows it, in MiB.
    pub vram_mib: u32,
    /// Devices that the operating system shows for one board.
    #[serde(default = "one")]
    pub devices: u32,
    /// Compute units of one device.
    #[serde(default)]
    pub compute_units: Option<u32>,
    /// Precisions that the matrix cores compute in.
    #[serde(default)]
    pub native_precisions: Vec<String>,
    /// Which encoding its fp8 has: `fnuz` or `ocp`.
    #[serde(default)]
    pub fp8_format: Option<String>,
    /// PCI device ids, four hexadecimal digits in lower case.
    #[serde(default)]
    pub pci_ids: Vec<PciId>,
    /// PCI device ids of its virtual functions.
    #[serde(default)]
    pub vf_pci_ids: Vec<PciId>,
    /// Names that tools print for it.
    #[serde(default)]
    pub product_names: Vec<String>,
    /// Devices that the operating system shows for one GPU in each compute partition mode.
    #[serde(default)]
    pub partitions: serde_json::Map<String, serde_json::Value>,
    /// Memory bandwidth of one device, in GB/s.
    #[serde(default)]
    pub bandwidth_gb_s: Option<f64>,
    /// Power limit of one board, in watts.
    #[serde(default)]
    pub tdp_w: Option<u32>,
    /// Dense peak of one device by precision, in TFLOPS.
    #[serde(default)]
    pub tflops: serde_json::Map<String, serde_json::Value>,
    /// Keys whose figure is an estimate or has no stored source.
    #[serde(default)]
    pub uncertain: Vec<String>,
    /// Where the figures are from.
    #[serde(default)]
    pub sources: serde_json::Map<String, serde_json::Value>,
}

/// A PCI device id; `7410` is a number to YAML and an id all the same.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct PciId(#[serde(deserialize_with = "scalar_text")] pub String);

fn one() -> u32 {
    1
}

/// Reads a hardware file.
pub fn read(root: &Node) -> Result<Hardware, Vec<Problem>> {
    typed(root).map_err(|problem| vec![problem])
}
