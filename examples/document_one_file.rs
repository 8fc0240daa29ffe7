//! Documents one source file with the hardened generator, against a mock in the same process and in
//! virtual time: what takes the API a minute takes a moment, and every run gives the same text.
//!
//! `cargo run --example document_one_file [-- FILE]`; without a file, it documents itself.

use std::error::Error;

use breaklab::claude::Claude;
use breaklab::clock::Clock;
use breaklab::generator::{Document, Documentation, Generator, Policy, Settings};
use breaklab::record::Base;
use breaklab::transport::{AttemptLog, Transport};
use ground::timeline::Timeline;
use mock_claude::MockClaude;

const MODEL: &str = "claude-sonnet-5";

async fn document(
    timeline: Timeline,
    document: Document,
) -> Result<(Documentation, u64), Box<dyn Error>> {
    let config = mock_claude::Settings::default().into_config();
    let mock = MockClaude::new(config, timeline)?;
    let log = AttemptLog::new(timeline, 100);
    // For the real API: `Clock::Real` below, and here `Transport::tcp("https://…", log.clone())?`.
    let claude = Claude::new(Transport::in_process(mock, log.clone()), "any key");
    let policy = Policy::new(Base::Hardened, &Settings::default());
    // No rate limits are known beforehand: the generator learns them from the answers.
    let generator = Generator::new(policy, MODEL, claude, None, timeline, 1);
    let documentation = generator.document(0, &document).await?;
    Ok((documentation, log.snapshot().sent))
}

#[expect(clippy::print_stdout, reason = "an example shows what it found")]
fn show(file: Document) -> Result<(), Box<dyn Error>> {
    let (outcome, _) = Clock::Virtual.run(|timeline| document(timeline, file))?;
    let (documentation, attempts) = outcome?;
    println!("{}", documentation.page(None).text);
    println!("{attempts} attempts; missing: {:?}", documentation.missing);
    Ok(())
}

/// This file.
fn itself() -> Document {
    Document {
        path: "document_one_file.rs".to_owned(),
        content: include_str!("document_one_file.rs").into(),
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let file = match std::env::args().nth(1) {
        Some(path) => Document {
            content: std::fs::read_to_string(&path)?.into(),
            path,
        },
        None => itself(),
    };
    show(file)
}

#[test]
fn it_runs() {
    show(itself()).unwrap();
}
