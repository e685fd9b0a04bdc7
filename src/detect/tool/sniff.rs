//! Which tool printed a text.

/// What only one tool prints.
const SIGNS: [(&str, &str); 11] = [
    ("ROCm System Management Interface", "rocm-smi"),
    ("ROCm SMI", "rocm-smi"),
    ("\nGPU[0]", "rocm-smi"),
    ("\"card0\"", "rocm-smi"),
    ("\ncard0,", "rocm-smi"),
    ("\"torch\":", "torch"),
    ("HSA Agents", "rocminfo"),
    ("ROCk module", "rocminfo"),
    ("AMD-SMI", "amd-smi"),
    ("AMDSMI Tool", "amd-smi"),
    ("\nGPU: 0", "amd-smi"),
];

/// The tool; none where the text does not tell.
pub(super) fn printer(text: &str) -> Option<&'static str> {
    let begins = |sign: &str| {
        let sign = sign.strip_prefix('\n');
        sign.is_some_and(|sign| text.starts_with(sign))
    };
    let found = SIGNS
        .iter()
        .find(|(sign, _)| text.contains(sign) || begins(sign));
    found.map(|(_, tool)| *tool)
}
