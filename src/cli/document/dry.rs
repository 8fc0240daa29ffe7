//! `--dry-run`: which questions this run would ask, from what the journal of earlier ones knows, and
//! what the answers would cost.

use std::path::Path;
use std::sync::{Arc, OnceLock};

use anyhow::Context;
use ground::timeline::Timeline;

use super::bill::Estimate;
use super::work::Work;
use super::{Args, JOURNAL, manifest, pages};
use crate::claude::Claude;
use crate::clock::Clock;
use crate::generator::{Bulk, Generator, Journal, Policy, Question, Questions};
use crate::load::Stop;
use crate::record::Base;
use crate::transport::AttemptLog;

/// Tokens of an answer besides its entries.
const HEADING_TOKENS: u64 = 5;

/// What the run would use. It is a run that only collects its questions, on a copy of the journal.
pub(super) fn estimate(args: &Args, work: &Work) -> anyhow::Result<Estimate> {
    let earlier = match &args.out {
        Some(out) => {
            pages::check_manifest(out, &manifest(args))?;
            Some(out.join(JOURNAL))
        }
        None => None,
    };
    estimate_after(args, work, earlier.as_deref())
}

/// The same after earlier runs that left the journal `earlier`, or after none.
pub(super) fn estimate_after(
    args: &Args,
    work: &Work,
    earlier: Option<&Path>,
) -> anyhow::Result<Estimate> {
    let folder = tempfile::tempdir().context("cannot make a temporary folder")?;
    let path = folder.path().join("journal.sqlite");
    if let Some(earlier) = earlier {
        copy(earlier, &path)?;
    }
    let journal = Journal::open(&path)?.of_free_answers();
    if args.retry_refused {
        journal.forget_refusals();
    }
    let questions = Questions::default();
    let bulk = Bulk {
        journal,
        stop: Stop::default(),
        questions: Some(Arc::clone(&questions)),
        halted: Arc::new(OnceLock::new()),
        on_failure: Arc::new(|_| ()),
    };
    let (outcome, _) = Clock::Virtual.run(async |timeline| collect(work, bulk, timeline).await)?;
    outcome?;
    let mut estimate = Estimate::new(work.prices, &work.model);
    let questions = questions
        .lock()
        .expect("nothing panics while it holds them");
    for Question {
        ask,
        estimate: call,
    } in questions.values()
    {
        let profile = &work.profile;
        let mut call = *call;
        call.input_tokens = (ask.prompt.len() as f64 / profile.bytes_per_token).ceil() as u64;
        let entries = call.definitions * u64::from(profile.reply.tokens_per_symbol);
        call.output_tokens = (entries + HEADING_TOKENS).min(ask.max_tokens);
        estimate.add(call);
    }
    Ok(estimate)
}

async fn collect(work: &Work, bulk: Bulk, timeline: Timeline) -> anyhow::Result<()> {
    let policy = Policy::new(Base::Hardened, &work.settings);
    let log = AttemptLog::new(timeline, 0);
    // Nothing is sent: questions are only collected.
    let claude = Claude::new(super::mock(timeline, &log)?, "mock");
    let generator = Generator::for_bulk(policy, &work.model, claude, timeline, bulk);
    for (document, request) in work.documents.iter().zip(0..) {
        let _not_asked = generator.document(request, document).await;
    }
    Ok(())
}

/// Copies a journal with what its last writer had not yet put into it.
fn copy(from: &Path, to: &Path) -> anyhow::Result<()> {
    for ending in ["", "-wal"] {
        let named = |path: &Path| {
            let mut name = path.as_os_str().to_owned();
            name.push(ending);
            std::path::PathBuf::from(name)
        };
        let (from, to) = (named(from), named(to));
        if from.exists() {
            std::fs::copy(&from, &to)
                .with_context(|| format!("cannot read `{}`", from.display()))?;
        }
    }
    Ok(())
}
