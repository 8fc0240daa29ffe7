//! What an instance runs: which runtime client loads the handler.

use std::path::{Path, PathBuf};

/// Loads handlers for Node by the same API, since the official client must be compiled where it is installed.
const NODE: &str = include_str!("bootstrap.mjs");

/// A kind of runtime.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum, strum::IntoStaticStr)]
#[strum(serialize_all = "kebab-case")]
pub enum Kind {
    /// Python, by AWS's own client `awslambdaric`.
    Python,
    /// Node, by a small client that is built in.
    Node,
    /// A program `bootstrap` in the folder, which speaks the Runtime API itself.
    Bootstrap,
}

/// How an instance is started.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Command {
    /// The folder of the code.
    pub folder: PathBuf,
    /// The handler, MODULE.FUNCTION.
    pub handler: String,
    /// The program and its arguments.
    pub words: Vec<String>,
    /// Variables that the program needs.
    pub variables: Vec<(String, String)>,
}

impl Command {
    /// How the handler `named` in `folder` is started: by `kind`, or by what its module is written in.
    ///
    /// # Errors
    /// In words: what is not there, and the way out.
    pub fn find(named: &str, folder: &Path, kind: Option<Kind>) -> Result<Self, String> {
        let folder = std::fs::canonicalize(folder)
            .map_err(|error| format!("cannot open the folder `{}`: {error}", folder.display()))?;
        let kind = match kind {
            Some(kind) => kind,
            None => Kind::of(named, &folder)?,
        };
        let (words, variables) = match kind {
            Kind::Python => (python(&folder, named)?, Vec::new()),
            Kind::Node => {
                installed("node", "install Node 18 or newer")?;
                let words = ["node", "--input-type=module", "--eval", NODE];
                (words.map(str::to_owned).to_vec(), Vec::new())
            }
            Kind::Bootstrap => {
                let program = folder.join("bootstrap");
                if !program.is_file() {
                    return Err(format!(
                        "there is no program `bootstrap` in `{}`",
                        folder.display()
                    ));
                }
                (vec![program.display().to_string()], Vec::new())
            }
        };
        Ok(Self {
            folder,
            handler: named.to_owned(),
            words,
            variables,
        })
    }
}

impl Kind {
    /// What the module of `named` is written in.
    fn of(named: &str, folder: &Path) -> Result<Self, String> {
        let (module, _) = named.rsplit_once('.').ok_or_else(|| {
            format!("`{named}` is no handler; write MODULE.FUNCTION, e.g. app.handler")
        })?;
        let has = |name: String| folder.join(name).is_file();
        if has(format!("{}.py", module.replace('.', "/"))) {
            return Ok(Self::Python);
        }
        if ["mjs", "js", "cjs"]
            .iter()
            .any(|ending| has(format!("{module}.{ending}")))
        {
            return Ok(Self::Node);
        }
        if has("bootstrap".to_owned()) {
            return Ok(Self::Bootstrap);
        }
        Err(format!(
            "there is no handler `{named}`: `{}` has neither {module}.py nor {module}.mjs, .js, .cjs, nor a program `bootstrap`",
            folder.display()
        ))
    }
}

/// The Python of the folder's own environment if it has one, with AWS's client in it.
fn python(folder: &Path, handler: &str) -> Result<Vec<String>, String> {
    let own = folder.join(".venv/bin/python");
    let python = if own.exists() {
        own.display().to_string()
    } else {
        "python3".to_owned()
    };
    installed(&python, "install Python 3.9 or newer")?;
    let client = std::process::Command::new(&python)
        .args(["-c", "import awslambdaric"])
        .current_dir(folder)
        .output();
    if !client.is_ok_and(|output| output.status.success()) {
        return Err(format!(
            "AWS's runtime client is not installed for `{python}`; install it with: {python} -m pip install awslambdaric"
        ));
    }
    Ok(vec![
        python,
        "-m".to_owned(),
        "awslambdaric".to_owned(),
        handler.to_owned(),
    ])
}

fn installed(program: &str, way_out: &str) -> Result<(), String> {
    let version = std::process::Command::new(program)
        .arg("--version")
        .output();
    match version {
        Ok(output) if output.status.success() => Ok(()),
        _ => Err(format!("`{program}` cannot be run; {way_out}")),
    }
}
