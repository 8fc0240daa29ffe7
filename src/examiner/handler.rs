//! Lambda handlers: what stands before one so that it can be examined, and how one is recognised that was
//! started as if it were a server.

use std::path::Path;

/// Stands before a handler in Python.
const PYTHON: &str = include_str!("handler/server.py");
/// Stands before a handler for Node.
const NODE: &str = include_str!("handler/server.mjs");
/// The variable that holds the program above.
const SERVER: &str = "HANDLER_SERVER";
/// Where a folder keeps the Python with its own packages.
const OWN_PYTHON: &str = ".venv/bin/python";
/// Endings of files that Node loads.
const OF_NODE: [&str; 3] = ["mjs", "js", "cjs"];

/// A handler in the words of AWS: MODULE.FUNCTION, e.g. `app.handler`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Handler {
    /// What a shell runs.
    pub command: String,
    /// Variables that it needs.
    pub variables: Vec<(String, String)>,
}

impl Handler {
    /// The handler `named` whose module is a file in `folder`.
    ///
    /// # Errors
    /// When there is no such file, in words.
    pub fn find(named: &str, folder: &Path) -> Result<Self, String> {
        let wrong = || format!("`{named}` is no handler; write MODULE.FUNCTION, e.g. app.handler");
        let (module, function) = named.rsplit_once('.').ok_or_else(wrong)?;
        let is_word = |text: &str| {
            !text.is_empty()
                && text
                    .bytes()
                    .all(|byte| byte.is_ascii_alphanumeric() || b"_-./".contains(&byte))
        };
        if !is_word(module) || !is_word(function) {
            return Err(wrong());
        }
        let exists =
            |module: &str, ending: &str| folder.join(format!("{module}.{ending}")).is_file();
        let server = |command: String, program: &str| Self {
            command,
            variables: vec![
                (SERVER.to_owned(), program.to_owned()),
                ("HANDLER".to_owned(), named.to_owned()),
            ],
        };
        if exists(&module.replace('.', "/"), "py") {
            let own = folder.join(OWN_PYTHON).exists();
            let python = if own { OWN_PYTHON } else { "python3" };
            return Ok(server(
                format!("exec {python} -c \"${SERVER}\" {named}"),
                PYTHON,
            ));
        }
        if OF_NODE.iter().any(|ending| exists(module, ending)) {
            return Ok(server(
                format!("exec node --input-type=module -e \"${SERVER}\""),
                NODE,
            ));
        }
        Err(format!(
            "there is no handler `{named}`: `{}` has neither {module}.py nor {module}.mjs, .js or .cjs",
            folder.display()
        ))
    }
}

/// Signs of a Lambda handler in a source file.
const SIGNS: [&str; 6] = [
    "def lambda_handler(",
    "def handler(event",
    "exports.handler",
    "export const handler",
    "export async function handler",
    "export function handler",
];

/// Whether `command` runs a file that only defines a Lambda handler, which nobody calls then.
pub(super) fn is_bare_handler(command: &str, folder: &Path) -> bool {
    let words = command
        .split_whitespace()
        .map(|word| word.trim_matches(['\'', '"']));
    let sources = words.filter_map(|word| std::fs::read_to_string(folder.join(word)).ok());
    let mut sources = sources;
    sources.any(|source| SIGNS.iter().any(|sign| source.contains(sign)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_handler_is_found_by_its_module_and_a_slip_is_told() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(
            folder.path().join("app.py"),
            "def handler(event, context):\n    return {}\n",
        )
        .unwrap();
        std::fs::write(
            folder.path().join("index.mjs"),
            "export const handler = async (event) => ({});\n",
        )
        .unwrap();
        let find = |named| Handler::find(named, folder.path());
        assert!(
            find("app.handler")
                .unwrap()
                .command
                .starts_with("exec python3")
        );
        assert!(
            find("index.handler")
                .unwrap()
                .command
                .starts_with("exec node")
        );
        for (named, expected) in [
            ("app", "MODULE.FUNCTION"),
            ("nothing.handler", "nothing.py"),
            ("a;b.c", "MODULE.FUNCTION"),
        ] {
            let why = find(named).unwrap_err();
            assert!(why.contains(expected), "{why}");
        }
        assert!(is_bare_handler("exec python3 app.py", folder.path()));
        assert!(!is_bare_handler("./nothing", folder.path()));
    }
}
