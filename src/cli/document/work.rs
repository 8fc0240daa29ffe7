//! What there is to document, and on what terms.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use anyhow::bail;
use ground::presets;
use ground::prices::{PriceBook, Prices};
use ground::profile::Profile;

use super::{Args, made};
use crate::corpus::{self, CorpusError, Filter, Skipped};
use crate::generator::{Document, Settings};

/// What there is to do.
#[derive(Clone)]
pub(super) struct Work {
    /// The model's id as the API is asked for it.
    pub(super) model: String,
    pub(super) documents: Vec<Document>,
    /// Where each document was read from.
    pub(super) sources: Vec<PathBuf>,
    pub(super) skipped: Vec<Skipped>,
    pub(super) prices: Prices,
    pub(super) book: PriceBook,
    pub(super) settings: Settings,
    pub(super) profile: Profile,
}

/// Reads the files and settles what they are asked with.
pub(super) fn read(args: &Args) -> anyhow::Result<Work> {
    let profiles = presets::profiles();
    let book = presets::prices();
    let serves =
        |profile: &&Profile| profile.model == args.model || profile.aliases.contains(&args.model);
    let Some(profile) = profiles.iter().find(serves).cloned() else {
        let known: Vec<&str> = profiles
            .iter()
            .map(|profile| profile.model.as_str())
            .collect();
        bail!(
            "model `{}` has no known price; choose from {}",
            args.model,
            known.join(", ")
        );
    };
    let Some(prices) = book.of(&profile.model) else {
        bail!(
            "price book `{}` has no price for `{}`",
            book.name,
            profile.model
        );
    };
    let Files {
        documents,
        sources,
        skipped,
    } = read_all(args)?;
    Ok(Work {
        model: args.model.clone(),
        settings: settings(args, &profile),
        documents,
        sources,
        skipped,
        prices,
        book,
        profile,
    })
}

fn settings(args: &Args, profile: &Profile) -> Settings {
    Settings {
        max_tokens: args.max_tokens.min(profile.max_output_tokens),
        parallel: args.parallel as usize,
        bytes_per_token: profile.bytes_per_token,
        // A bulk job outlives an outage; nobody waits at the other end.
        retry_budget_s: 3_600.0,
        style: args.style,
        instructions: args.instructions.clone(),
        ..Settings::default()
    }
}

impl Work {
    /// The same with another model, if it has a price.
    pub(super) fn with(&self, profile: Profile, args: &Args) -> Option<Self> {
        Some(Self {
            model: profile.model.clone(),
            prices: self.book.of(&profile.model)?,
            settings: settings(args, &profile),
            profile,
            ..self.clone()
        })
    }
}

/// What was read, and what was not.
#[derive(Default)]
struct Files {
    documents: Vec<Document>,
    sources: Vec<PathBuf>,
    skipped: Vec<Skipped>,
}

/// Reads all paths; one that cannot be read is named and does not stop the others.
fn read_all(args: &Args) -> anyhow::Result<Files> {
    let paths = &args.paths;
    let filter = Filter::new(&args.include, &args.exclude, args.max_file_size)?;
    let is_filtered = !args.include.is_empty() || !args.exclude.is_empty();
    let mut files = Files::default();
    let mut taken = BTreeSet::new();
    for path in paths {
        match corpus::load_some(path, &filter) {
            Ok(loaded) => {
                files.skipped.extend(loaded.skipped);
                for file in loaded.files {
                    let source = if path.is_dir() {
                        path.join(&file.path)
                    } else {
                        path.clone()
                    };
                    if let Some(why) = made::reason(&file, path.is_dir()) {
                        files.skipped.push(Skipped { path: source, why });
                        continue;
                    }
                    let name = unique_name(paths.len(), path, &file.path, &mut taken);
                    files.sources.push(source);
                    files.documents.push(Document {
                        path: name,
                        content: file.content,
                    });
                }
            }
            Err(CorpusError::Empty { .. }) if paths.len() == 1 && is_filtered => {
                bail!(
                    "--include and --exclude leave no file of `{}` that can be documented",
                    path.display()
                )
            }
            Err(error) if paths.len() == 1 => return Err(error.into()),
            Err(error) => files.skipped.push(Skipped {
                path: path.clone(),
                why: error.to_string(),
            }),
        }
    }
    if files.documents.is_empty() {
        let why = files.skipped.first().map_or_else(String::new, |first| {
            format!(": `{}` is skipped, {}", first.path.display(), first.why)
        });
        bail!("none of the paths has a source file that can be documented{why}");
    }
    Ok(files)
}

/// The file's path below its folder; with several folders, below the folder's name.
fn unique_name(paths: usize, root: &Path, file: &str, taken: &mut BTreeSet<String>) -> String {
    let folder = root.file_name().filter(|_| paths > 1 && root.is_dir());
    let base = match folder {
        Some(folder) => format!("{}/{file}", folder.to_string_lossy()),
        None => file.to_owned(),
    };
    let mut name = base.clone();
    let mut copy = 2;
    while !taken.insert(name.clone()) {
        name = format!("{copy}/{base}");
        copy += 1;
    }
    name
}
