//! Rows of a hardware file.

use rusqlite::{Connection, params};

use super::super::StoreError;
use super::fold;
use crate::catalog::hardware::Hardware;

pub(super) fn write(
    connection: &Connection,
    file: i64,
    hardware: &Hardware,
) -> Result<(), StoreError> {
    let id = connection
        .prepare_cached(
            "INSERT INTO hardware_document(file, hardware, hardware_key, gfx, vram_mib, compute_units, document)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
        )?
        .insert(params![
            file,
            hardware.hardware,
            fold(&hardware.hardware),
            hardware.gfx,
            hardware.vram_mib,
            hardware.compute_units,
            serde_json::to_string(hardware)?,
        ])?;
    for pci in hardware.pci_ids.iter().chain(&hardware.vf_pci_ids) {
        connection
            .prepare_cached("INSERT OR IGNORE INTO pci VALUES (?1, ?2)")?
            .execute(params![id, fold(&pci.0)])?;
    }
    Ok(())
}
