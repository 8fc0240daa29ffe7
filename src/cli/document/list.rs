//! `--list`: what would be documented, for other programs to read.

use std::io::Write;

use super::work::Work;
use crate::generator::{Defined, defined};

/// Names what the files define.
pub(super) fn list(work: &Work) -> std::io::Result<()> {
    let mut out = std::io::BufWriter::new(std::io::stdout().lock());
    for document in &work.documents {
        for Defined { name, line } in defined(&document.path, &document.content) {
            writeln!(out, "{}\t{line}\t{name}", document.path)?;
        }
    }
    out.flush()
}
