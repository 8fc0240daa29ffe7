//! Whether the code of a student has changed since it was examined.

use std::path::{Path, PathBuf};

use ignore::WalkBuilder;
use sha2::{Digest as _, Sha256};

use crate::grade::class::Student;

/// Folders that hold no code of the student.
const FOREIGN: [&str; 6] = [
    "node_modules",
    "__pycache__",
    ".venv",
    "venv",
    "target",
    ".git",
];

/// What the code was when it was examined, beside the record. Services write files of their own into
/// their folder, so that it is remembered how it looked before and how after.
const SEEN: &str = "code.sha256";

/// What is started: the files of a student's folder, or those that the command names. Nothing where there
/// are none, e.g. for a service that runs elsewhere.
pub(super) fn digest(student: &Student) -> Option<String> {
    let files = files(student);
    if files.is_empty() {
        return None;
    }
    let mut hash = Sha256::new();
    for file in &files {
        // One that cannot be read counts as empty: the service will not read it either.
        let content = std::fs::read(file).unwrap_or_default();
        hash.update(file.as_os_str().as_encoded_bytes());
        hash.update((content.len() as u64).to_le_bytes());
        hash.update(&content);
    }
    Some(hex::encode(hash.finalize()))
}

fn files(student: &Student) -> Vec<PathBuf> {
    let folder = Path::new(&student.directory);
    if !student.directory.is_empty() {
        let is_own = |entry: &ignore::DirEntry| {
            let name = entry.file_name().to_str().unwrap_or_default();
            !FOREIGN.contains(&name)
        };
        let walk = WalkBuilder::new(folder)
            .standard_filters(false)
            .sort_by_file_path(Path::cmp)
            .filter_entry(is_own)
            .build();
        let files = walk.filter_map(Result::ok).map(ignore::DirEntry::into_path);
        return files.filter(|path| path.is_file()).collect();
    }
    let module = student
        .lambda
        .rsplit_once('.')
        .map_or("", |(module, _)| module);
    let modules = ["py", "mjs", "js", "cjs"].map(|ending| format!("{module}.{ending}"));
    let words = student.command.split_whitespace();
    let words = words.chain(modules.iter().map(String::as_str));
    let named = words.map(|word| PathBuf::from(word.trim_matches(['\'', '"'])));
    named.filter(|path| path.is_file()).collect()
}

/// Whether the record in `folder` was made of code with this digest.
pub(super) fn is_known(folder: &Path, digest: &str) -> bool {
    let seen = std::fs::read_to_string(folder.join(SEEN)).unwrap_or_default();
    seen.lines().any(|line| line == digest)
}

/// Remembers what the code was before and after its examination.
pub(super) fn remember(folder: &Path, seen: &[Option<String>]) -> std::io::Result<()> {
    let lines: Vec<&str> = seen.iter().flatten().map(String::as_str).collect();
    std::fs::write(folder.join(SEEN), lines.join("\n") + "\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn student(directory: &Path, command: &str) -> Student {
        Student {
            id: "a".to_owned(),
            command: command.to_owned(),
            directory: directory.to_string_lossy().into_owned(),
            ..Student::default()
        }
    }

    #[test]
    fn code_is_known_until_a_file_of_it_changes() {
        let (code, record) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let put = |name: &str, text: &str| {
            let path = code.path().join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        };
        put("app.py", "one");
        let student = student(code.path(), "python3 app.py");
        let before = digest(&student);
        put("cache.sqlite", "made by the service");
        let after = digest(&student);
        assert_ne!(before, after);
        remember(record.path(), &[before.clone(), after.clone()]).unwrap();
        put("__pycache__/app.pyc", "no code");
        for seen in [before, after, digest(&student)] {
            assert!(is_known(record.path(), &seen.unwrap()));
        }
        put("app.py", "two");
        assert!(!is_known(record.path(), &digest(&student).unwrap()));
    }

    #[test]
    fn without_a_folder_the_files_in_the_command_are_the_code() {
        let code = tempfile::tempdir().unwrap();
        let app = code.path().join("app.py");
        std::fs::write(&app, "one").unwrap();
        let student = |command: String| student(Path::new(""), &command);
        let command = format!("exec python3 '{}' --port 1", app.display());
        let before = digest(&student(command.clone()));
        assert!(before.is_some());
        std::fs::write(&app, "two").unwrap();
        assert_ne!(digest(&student(command)), before);
        assert_eq!(digest(&student("npm start".to_owned())), None);
    }
}
