//! The pages of a bulk job on disk, its index, and the line that shows how far it is.

use std::fs::{File, TryLockError};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use anyhow::{Context, bail};
use ground::prices::PICO_PER_USD;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::page::{Page, PageState, page_of};
use super::work::Work;
use super::written::Written;
use super::{Args, Origin, index, site};
use crate::claude::CallError;
use crate::corpus::Skipped;
use crate::generator::{Document, Documentation, GenerateError};
use crate::text::block;
use crate::text::figures::dollars;
use crate::text::markdown::{code, inline};

const MANIFEST: &str = ".breaklab/manifest.toml";
const SCRATCH: &str = ".breaklab/tmp";
const LOCK: &str = ".breaklab/lock";
const INDEX: &str = "index.md";
const NAMES: &str = "names.md";
const SITE: &str = "index.html";
/// Stands above what the mock wrote.
const MADE_UP: &str = "> **Made up:** the mock wrote this text, not a model. It shows the form and says nothing about \
the code.\n\n";

/// The folder that the pages go to.
pub(super) struct Pages {
    out: PathBuf,
    progress: ProgressBar,
    origin: Origin,
    quiet: bool,
    /// Whether there is one page for all.
    html: bool,
    written: Written,
    /// What failed so far.
    trouble: Arc<Mutex<Trouble>>,
    /// Held until the end, by the system itself: a kill lets go of it.
    _lock: File,
}

/// Calls that failed, and files that were done when that was last said.
#[derive(Default)]
struct Trouble {
    calls: u64,
    last: Option<String>,
    files: u64,
}

impl Pages {
    /// Opens `out`, which must be new or begun with the same `manifest`.
    pub(super) fn open(
        out: &Path,
        manifest: &str,
        origin: Origin,
        args: &Args,
        files: usize,
    ) -> anyhow::Result<Self> {
        let lock = lock(out)?;
        let path = out.join(MANIFEST);
        match check_manifest(out, manifest)? {
            Begun::Before => {}
            Begun::Not => replace(out, &path, manifest)
                .with_context(|| format!("cannot write to `{}`", out.display()))?,
        }
        // What an earlier run was writing when it was killed.
        let _gone = std::fs::remove_dir_all(out.join(SCRATCH));
        Ok(Self {
            out: out.to_owned(),
            progress: bar(args.quiet, files),
            origin,
            quiet: args.quiet,
            html: args.html,
            written: Written::open(out),
            trouble: Arc::default(),
            _lock: lock,
        })
    }

    /// Makes sure that this job writes over nothing that is not its own.
    pub(super) fn claim(&self, work: &Work) -> anyhow::Result<()> {
        let pages = work
            .documents
            .iter()
            .map(|document| page_of(&document.path));
        let lists = [INDEX, NAMES].into_iter().chain(self.html.then_some(SITE));
        self.written.claim(pages.chain(lists.map(PathBuf::from)))
    }

    /// Removes the pages of sources that are no longer there, or no longer text.
    pub(super) fn remove_gone(&self, work: &Work) -> anyhow::Result<()> {
        let is_skipped = |source: &Path| {
            work.skipped
                .iter()
                .any(|file| absolute(&file.path) == source)
        };
        let lists = [INDEX, NAMES, SITE].map(|list| self.out.join(list));
        let is_gone = |source: &Path| {
            !lists.iter().any(|list| list == source) && (!source.exists() || is_skipped(source))
        };
        self.written.remove(is_gone).map(drop)
    }

    /// Takes note of every try that failed; the first is told at once.
    pub(super) fn on_failure(&self) -> Arc<dyn Fn(&CallError) + Send + Sync> {
        let (trouble, progress) = (Arc::clone(&self.trouble), self.progress.clone());
        let is_told = self.origin == Origin::Api && !self.quiet;
        Arc::new(move |error| {
            let mut trouble = trouble
                .lock()
                .expect("nothing panics while it holds the trouble");
            trouble.calls += 1;
            if trouble.calls == 1 && is_told {
                say(&progress, &format!("a call failed: {error}"));
            }
            trouble.last = Some(error.to_string());
        })
    }

    /// Says how far the job is, where no progress bar does.
    pub(super) fn speak(&self, spent_pico: u64) {
        let mut trouble = self
            .trouble
            .lock()
            .expect("nothing panics while it holds the trouble");
        let files = self.progress.position();
        let is_moving = files > trouble.files;
        trouble.files = files;
        if self.quiet || is_moving && !self.progress.is_hidden() {
            return;
        }
        let failed = match (&trouble.last, trouble.calls) {
            (Some(last), calls) => format!("; {calls} calls failed, the last because {last}"),
            (None, _) => String::new(),
        };
        let all = self.progress.length().unwrap_or(0);
        let usd = spent_pico as f64 / PICO_PER_USD;
        say(
            &self.progress,
            &format!("{files} of {all} files, ${usd:.4}{failed}"),
        );
    }

    /// Prints `line` above the progress.
    pub(super) fn say(&self, line: &str) {
        say(&self.progress, line);
    }

    /// Writes the page of one document, which was read from `source`; none if it was not asked about at all.
    pub(super) fn write(
        &self,
        (document, source): (&Document, &Path),
        outcome: Result<Documentation, GenerateError>,
        spent_pico: u64,
    ) -> Option<Page> {
        if matches!(outcome, Err(GenerateError::NotAsked)) {
            return None;
        }
        let lines = document.content.lines().count();
        let (mut cost_pico, mut entries, mut shared) = (0, Vec::new(), None);
        let page = page_of(&document.path);
        let (mut state, text, cached) = match outcome {
            Ok(done) => {
                cost_pico = done.cost_pico;
                let missing: usize = done
                    .missing
                    .iter()
                    .map(|gap| gap.to_line - gap.from_line + 1)
                    .sum();
                let state = if done.missing.is_empty() {
                    PageState::Whole
                } else {
                    PageState::Partial(missing)
                };
                let way = index::way(&absolute(&self.out.join(&page)), &absolute(source));
                let told = done.page(way.as_deref());
                entries = told.entries;
                if self.html {
                    let way = index::way(&absolute(&self.out.join(SITE)), &absolute(source));
                    shared = Some(done.page(way.as_deref()).text);
                }
                (state, told.text, done.cached)
            }
            Err(error) => {
                let why = inline(&error.to_string());
                let text = format!("> **Missing:** the whole file: {why}.\n");
                (PageState::Failed(error.to_string()), text, false)
            }
        };
        let mark = self.mark();
        let text = format!("# {}\n\n{mark}{}\n", code(&document.path), text.trim_end());
        if let Err(error) = self.put(&page, source, &text) {
            state = PageState::Failed(format!("its page cannot be written: {error}"));
        }
        self.progress
            .set_message(dollars(spent_pico as f64 / PICO_PER_USD));
        self.progress.inc(1);
        Some(Page {
            path: document.path.clone(),
            lines,
            state,
            cached,
            cost_pico,
            entries,
            text: shared,
        })
    }

    /// Writes the lists of all pages and of all names.
    pub(super) fn write_index(&self, pages: &[Page], skipped: &[Skipped]) -> anyhow::Result<()> {
        self.progress.finish_and_clear();
        let mut lists = vec![
            (INDEX, index::by_folder(self.mark(), pages, skipped)),
            (NAMES, index::by_name(self.mark(), pages)),
        ];
        if self.html {
            lists.push((SITE, site::site(self.mark(), pages)));
        }
        for (name, text) in lists {
            let path = self.out.join(name);
            self.put(Path::new(name), &path, &text)
                .with_context(|| format!("cannot write `{}`", path.display()))?;
        }
        Ok(())
    }

    /// Writes the file `page` below the folder.
    fn put(&self, page: &Path, source: &Path, text: &str) -> std::io::Result<()> {
        self.written.note(page, &absolute(source))?;
        replace(&self.out, &self.out.join(page), text)
    }

    /// What stands above a text that nobody should take for documentation.
    fn mark(&self) -> &'static str {
        match self.origin {
            Origin::Api => "",
            Origin::Mock => MADE_UP,
        }
    }
}

fn absolute(path: &Path) -> PathBuf {
    std::path::absolute(path).unwrap_or_else(|_| path.to_owned())
}

fn say(progress: &ProgressBar, line: &str) {
    progress.suspend(|| {
        let _gone = writeln!(std::io::stderr(), "{}", block(line));
    });
}

/// Whether a folder was used before.
pub(super) enum Begun {
    Before,
    Not,
}

/// Makes sure that `out` is new or was begun with the same `manifest`.
pub(super) fn check_manifest(out: &Path, manifest: &str) -> anyhow::Result<Begun> {
    match std::fs::read_to_string(out.join(MANIFEST)) {
        Ok(begun) if begun != manifest => bail!(
            "`{}` was begun with {}; use these again, or another --out",
            out.display(),
            begun.trim().replace('\n', ", ")
        ),
        Ok(_) => Ok(Begun::Before),
        Err(_) => Ok(Begun::Not),
    }
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
