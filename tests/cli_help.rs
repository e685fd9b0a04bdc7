//! Help, completions and the man page.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test that cannot go on ends"
)]

mod program;

use std::process::Command;

use program::{Place, ran};

/// Every command, with those below it.
fn commands(place: &Place) -> Vec<Vec<String>> {
    let mut found = vec![Vec::new()];
    let mut next = 0;
    while let Some(words) = found.get(next).cloned() {
        next += 1;
        let help = help(place, &words, "--help");
        let lines = help.lines().skip_while(|line| *line != "Commands:").skip(1);
        for line in lines.take_while(|line| !line.is_empty()) {
            let name = line.split_whitespace().next().unwrap_or_default();
            let begins = line.starts_with("  ") && !line.starts_with("   ");
            if begins && name != "help" {
                let mut words = words.clone();
                words.push(name.to_owned());
                found.push(words);
            }
        }
    }
    found
}

fn help(place: &Place, words: &[String], flag: &str) -> String {
    let mut words: Vec<&str> = words.iter().map(String::as_str).collect();
    words.push(flag);
    let mut command = place.command(&words);
    ran(command.env("COLUMNS", "80"))
        .exits(0)
        .says_nothing()
        .out
}

#[test]
fn the_help_of_each_command_fits_a_terminal_and_ends_with_examples() {
    let place = Place::new();
    let commands = commands(&place);
    assert!(commands.len() >= 14, "{commands:?}");
    let mut wrong = Vec::new();
    for words in &commands {
        for flag in ["-h", "--help"] {
            let help = help(&place, words, flag);
            let wide = help.lines().filter(|line| line.chars().count() > 80);
            wrong.extend(wide.map(|line| format!("{words:?} {flag}: too wide: {line}")));
            let example = help.lines().any(|line| line.starts_with("  aim-engine "));
            // A command that only groups others shows theirs.
            let group = help.contains("\nCommands:\n") && !words.is_empty();
            if !example && !group {
                wrong.push(format!("{words:?} {flag}: no example"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// The examples are commands that the program takes.
#[test]
fn the_examples_are_commands_that_the_program_takes() {
    let place = Place::new();
    let mut tried = 0;
    for words in commands(&place) {
        let help = help(&place, &words, "--help");
        for line in help
            .lines()
            .filter(|line| line.starts_with("  aim-engine "))
        {
            let words = shlex::split(line.trim()).unwrap();
            let words: Vec<&str> = words[1..]
                .iter()
                .map(String::as_str)
                .take_while(|word| !["|", ">", "&&"].contains(word))
                .collect();
            let ran = place.run(&[&words[..], &["--help"]].concat());
            assert_eq!(ran.code, Some(0), "{line}\n{}", ran.err);
            // `--help` forgives missing words, not unknown ones.
            tried += 1;
        }
    }
    assert!(tried > 10);
}

#[test]
fn completions_are_scripts_of_their_shells() {
    let place = Place::new();
    for shell in ["bash", "zsh", "fish"] {
        let script = place.run(&["completions", shell]).exits(0).says_nothing();
        assert!(script.out.contains("generate"), "{shell}");
        let file = place.write(&format!("completions.{shell}"), &script.out);
        let mut check = Command::new(shell);
        check.arg("-n").arg(file);
        match check.output() {
            Ok(output) => assert!(
                output.status.success() && output.stderr.is_empty(),
                "{shell}: {}",
                String::from_utf8_lossy(&output.stderr)
            ),
            Err(_) if shell != "bash" => eprintln!("skipped: there is no {shell} here"),
            Err(error) => panic!("{shell}: {error}"),
        }
    }
    place.run(&["completions", "tcsh"]).exits(2);
}

#[test]
fn the_man_page_renders_without_warnings() {
    let place = Place::new();
    let page = place.run(&["man"]).exits(0).says_nothing();
    for command in commands(&place) {
        if let [name] = &command[..] {
            let heading = format!(".SH \"{}\"", name.to_uppercase());
            assert!(page.out.contains(&heading), "{heading}");
        }
    }
    let file = place.write("aim-engine.1", &page.out);
    let mut groff = Command::new("groff");
    groff.args(["-man", "-Tutf8", "-ww", "-z"]).arg(&file);
    match groff.output() {
        Ok(output) => assert_eq!(String::from_utf8_lossy(&output.stderr), ""),
        Err(_) => eprintln!("skipped: there is no groff here"),
    }
}

#[test]
fn the_version_is_that_of_the_package() {
    let ran = Place::new().run(&["--version"]).exits(0);
    assert_eq!(
        ran.out,
        format!("aim-engine {}\n", env!("CARGO_PKG_VERSION"))
    );
}
