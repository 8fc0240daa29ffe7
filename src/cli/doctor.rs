//! `breaklab doctor`: what of this machine breaklab can use, and what each missing part would give.

use std::fmt::Write as _;
use std::io::Write;
use std::process::Command;

use super::Exit;
use crate::text::{self, COLUMNS, wrapped};

/// A part that is used where it is there.
struct Part {
    name: &'static str,
    /// Programs that tell its version, the first that runs counts.
    probes: &'static [&'static [&'static str]],
    /// What it is good for.
    gives: &'static str,
    /// How it comes here.
    way_out: &'static str,
}

const PARTS: [Part; 5] = [
    Part {
        name: "Python",
        probes: &[&["python3", "--version"]],
        gives: "Lambda handlers in Python (`lambda`, `grade --lambda`), the pytest plugin, and our own tests",
        way_out: "install Python 3.9 or newer",
    },
    Part {
        name: "awslambdaric",
        probes: &[&[
            "python3",
            "-c",
            "import awslambdaric, importlib.metadata as m; print('awslambdaric', m.version('awslambdaric'))",
        ]],
        gives: "`breaklab lambda` for handlers in Python (one in the handler's own .venv does, too)",
        way_out: "python3 -m pip install awslambdaric",
    },
    Part {
        name: "Node",
        probes: &[&["node", "--version"]],
        gives: "Lambda handlers in JavaScript (`lambda`, `grade --lambda`)",
        way_out: "install Node 18 or newer",
    },
    Part {
        name: "bubblewrap",
        probes: &[&["bwrap", "--version"]],
        gives: "`grade --isolate bwrap`: students' services without network and without sight of your files",
        way_out: "apt-get install bubblewrap, on Linux",
    },
    Part {
        name: "Chromium",
        probes: &[
            &["chromium", "--version"],
            &["google-chrome", "--version"],
            &["chromium-browser", "--version"],
        ],
        gives: "our own tests of the pages; reports need no browser to be made",
        way_out: "install Chromium or Chrome",
    },
];

/// Runs the command.
pub(super) fn run() -> anyhow::Result<Exit> {
    let mut out = std::io::stdout().lock();
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    writeln!(
        out,
        "breaklab {} on {cores} cores",
        env!("CARGO_PKG_VERSION")
    )?;
    writeln!(
        out,
        "Everything but the following works without anything else.\n"
    )?;
    for part in &PARTS {
        write!(out, "{}", told(part, version(part).as_deref()))?;
    }
    write!(out, "{}", dynamodb(cfg!(feature = "dynamodb")))?;
    write!(
        out,
        "{}",
        key(std::env::var("ANTHROPIC_API_KEY").is_ok_and(|key| !key.trim().is_empty()))
    )?;
    Ok(Exit::Done)
}

/// What a part is called by itself, if it runs.
fn version(part: &Part) -> Option<String> {
    part.probes.iter().find_map(|words| {
        let output = Command::new(words[0]).args(&words[1..]).output().ok()?;
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        let first = text::line(said.lines().next()?);
        output.status.success().then_some(first)
    })
}

fn dynamodb(is_built_in: bool) -> String {
    let first = if is_built_in {
        "✓ DynamoDB: built in\n"
    } else {
        "– DynamoDB: not built in; pip install breaklab, or build with --features dynamodb\n"
    };
    let gives = "`--cache dynamodb:TABLE`: answers that machines share and pay for once";
    first.to_owned() + &wrapped(gives, "    ", "    ", COLUMNS)
}

fn told(part: &Part, version: Option<&str>) -> String {
    let mut told = String::new();
    let Part {
        name,
        gives,
        way_out,
        ..
    } = part;
    let _infallible = match version {
        Some(version) => writeln!(told, "✓ {name}: {version}"),
        None => writeln!(told, "– {name}: not found; {way_out}"),
    };
    told + &wrapped(gives, "    ", "    ", COLUMNS)
}

/// Whether there is a key is told, the key is not.
fn key(is_set: bool) -> String {
    let (mark, state) = if is_set {
        ("✓", "set")
    } else {
        ("–", "not set")
    };
    let gives = "calls of `document` and `serve` to the real API, with a cap on their cost; the mock takes any key";
    format!("{mark} ANTHROPIC_API_KEY: {state}\n") + &wrapped(gives, "    ", "    ", COLUMNS)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn part(probes: &'static [&'static [&'static str]]) -> Part {
        Part {
            name: "Thing",
            probes,
            gives: "things",
            way_out: "get it",
        }
    }

    #[test]
    fn what_runs_is_told_with_its_version_and_what_does_not_with_the_way_out() {
        let there = part(&[
            &["no-such-program-x", "--version"],
            &["sh", "-c", "echo one; echo two"],
        ]);
        assert_eq!(
            told(&there, version(&there).as_deref()),
            "✓ Thing: one\n    things\n"
        );
        for missing in [
            part(&[&["no-such-program-x"]]),
            part(&[&["sh", "-c", "echo bad; exit 3"]]),
        ] {
            let told = told(&missing, version(&missing).as_deref());
            assert_eq!(told, "– Thing: not found; get it\n    things\n");
        }
    }

    #[test]
    fn a_key_is_never_shown() {
        assert!(key(true).contains("ANTHROPIC_API_KEY: set"));
        assert!(key(false).contains("not set"));
    }
}
