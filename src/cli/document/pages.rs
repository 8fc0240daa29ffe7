//! The pages of a bulk job on disk, its index, and the line that shows how far it is.

use std::fmt::Write as _;
use std::fs::{File, TryLockError};
use std::io::Write as _;
use std::path::{Component, Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, bail};
use ground::prices::PICO_PER_USD;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::corpus::Skipped;
use crate::generator::{Document, Documentation, GenerateError};
use crate::text::block;
use crate::text::figures::dollars;
use crate::text::markdown::{code, inline, link};

const MANIFEST: &str = ".breaklab/manifest.toml";
const SCRATCH: &str = ".breaklab/tmp";
const LOCK: &str = ".breaklab/lock";

/// The folder that the pages go to.
pub(super) struct Pages {
    out: PathBuf,
    progress: ProgressBar,
    /// Held until the end, by the system itself: a kill lets go of it.
    _lock: File,
}

/// A page that was written, or why it could not be.
pub(super) struct Page {
    pub(super) path: String,
    pub(super) lines: usize,
    pub(super) state: State,
    pub(super) cached: bool,
}

/// How much of a file is documented.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum State {
    Whole,
    /// Lines that are missing.
    Partial(usize),
    Failed(String),
}

impl Pages {
    /// Opens `out`, which must be new or begun with the same `manifest`.
    pub(super) fn open(
        out: &Path,
        manifest: &str,
        quiet: bool,
        files: usize,
    ) -> anyhow::Result<Self> {
        let lock = lock(out)?;
        let path = out.join(MANIFEST);
        match std::fs::read_to_string(&path) {
            Ok(begun) if begun != manifest => bail!(
                "`{}` was begun with {}; use these again, or another --out",
                out.display(),
                begun.trim().replace('\n', ", ")
            ),
            Ok(_) => {}
            Err(_) => replace(out, &path, manifest)
                .with_context(|| format!("cannot write to `{}`", out.display()))?,
        }
        // What an earlier run was writing when it was killed.
        let _gone = std::fs::remove_dir_all(out.join(SCRATCH));
        Ok(Self {
            out: out.to_owned(),
            progress: bar(quiet, files),
            _lock: lock,
        })
    }

    /// Prints `line` above the progress.
    pub(super) fn say(&self, line: &str) {
        self.progress.suspend(|| {
            let _gone = writeln!(std::io::stderr(), "{}", block(line));
        });
    }

    /// Writes the page of one document; none if it was not asked about at all.
    pub(super) fn write(
        &self,
        document: &Document,
        outcome: Result<Documentation, GenerateError>,
        spent_pico: u64,
    ) -> Option<Page> {
        if matches!(outcome, Err(GenerateError::NotAsked)) {
            return None;
        }
        let lines = document.content.lines().count();
        let (mut state, text, cached) = match outcome {
            Ok(done) => {
                let missing: usize = done
                    .missing
                    .iter()
                    .map(|gap| gap.to_line - gap.from_line + 1)
                    .sum();
                let state = if done.missing.is_empty() {
                    State::Whole
                } else {
                    State::Partial(missing)
                };
                (state, done.page(), done.cached)
            }
            Err(error) => {
                let why = inline(&error.to_string());
                let text = format!("> **Missing:** the whole file: {why}.\n");
                (State::Failed(error.to_string()), text, false)
            }
        };
        let page = format!("# {}\n\n{}\n", code(&document.path), text.trim_end());
        if let Err(error) = replace(&self.out, &self.path(&document.path), &page) {
            state = State::Failed(format!("its page cannot be written: {error}"));
        }
        self.progress
            .set_message(dollars(spent_pico as f64 / PICO_PER_USD));
        self.progress.inc(1);
        Some(Page {
            path: document.path.clone(),
            lines,
            state,
            cached,
        })
    }

    /// Writes the list of all pages. It holds nothing that depends on when or how often the job ran.
    pub(super) fn write_index(&self, pages: &[Page], skipped: &[Skipped]) -> anyhow::Result<()> {
        self.progress.finish_and_clear();
        let mut index = String::from("# Documentation\n\n| file | lines | |\n|---|---:|---|\n");
        for page in pages {
            let state = match &page.state {
                State::Whole => "whole".to_owned(),
                State::Partial(missing) => format!("{missing} lines missing"),
                State::Failed(why) => format!("failed: {}", inline(why)),
            };
            let link = link(&page.path, &format!("{}.md", below(&page.path)));
            writeln!(index, "| {link} | {} | {state} |", page.lines)?;
        }
        if !skipped.is_empty() {
            index.push_str("\nSkipped:\n\n");
            for file in skipped {
                let path = inline(&file.path.display().to_string());
                writeln!(index, "- {path}: {}", inline(&file.why))?;
            }
        }
        let path = self.out.join("index.md");
        replace(&self.out, &path, &index)
            .with_context(|| format!("cannot write `{}`", path.display()))
    }

    /// Below the folder, whatever the source's path says.
    fn path(&self, source: &str) -> PathBuf {
        self.out.join(below(source) + ".md")
    }
}

/// The part of a source's path that leads nowhere else.
fn below(source: &str) -> String {
    let parts = Path::new(source).components();
    let inside = parts.filter_map(|part| match part {
        Component::Normal(name) => Some(name.to_string_lossy()),
        _ => None,
    });
    inside.collect::<Vec<_>>().join("/")
}

/// Makes sure that no other run writes to `out`.
fn lock(out: &Path) -> anyhow::Result<File> {
    let path = out.join(LOCK);
    let open = || -> std::io::Result<File> {
        std::fs::create_dir_all(path.parent().unwrap_or(out))?;
        File::create(&path)
    };
    let file = open().with_context(|| format!("cannot write to `{}`", out.display()))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => bail!(
            "another breaklab is writing to `{}`; wait for it, or choose another --out",
            out.display()
        ),
        Err(TryLockError::Error(error)) => {
            Err(error).with_context(|| format!("cannot lock `{}`", path.display()))
        }
    }
}

/// Writes elsewhere in `out` and renames, so that a crash leaves neither half a page nor a stray one.
fn replace(out: &Path, path: &Path, content: &str) -> std::io::Result<()> {
    let scratch = out.join(SCRATCH);
    std::fs::create_dir_all(&scratch)?;
    std::fs::create_dir_all(path.parent().unwrap_or(out))?;
    let mut builder = tempfile::Builder::new();
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        // Temporary files are private by default; pages are for whom the user's mask allows.
        builder.permissions(std::fs::Permissions::from_mode(0o666));
    }
    let mut file = builder.tempfile_in(&scratch)?;
    file.write_all(content.as_bytes())?;
    file.persist(path)?;
    Ok(())
}

fn bar(quiet: bool, files: usize) -> ProgressBar {
    let target = if quiet {
        ProgressDrawTarget::hidden()
    } else {
        ProgressDrawTarget::stderr()
    };
    let bar = ProgressBar::with_draw_target(Some(files as u64), target);
    let style =
        ProgressStyle::with_template("{wide_bar} {pos}/{len} files  {per_sec}  {msg}  {eta} left");
    bar.set_style(style.expect("the template is ours and valid"));
    bar.enable_steady_tick(Duration::from_millis(200));
    bar
}
