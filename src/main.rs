//! The command `aim-engine`.

use std::process::ExitCode;

fn main() -> ExitCode {
    aim_engine::cli::main()
}
