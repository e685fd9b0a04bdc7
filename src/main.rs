//! The command `aim-engine`.

fn main() {}
