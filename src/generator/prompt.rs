//! What the model is asked.

use super::chunk::Chunk;
use super::policy::{Settings, Style};
use crate::text::markup;

/// Version of the question's words, part of every cache key: raise it when the words change.
pub const VERSION: u32 = 3;

const INSTRUCTIONS: &str = "\
Write reference documentation in Markdown for the source code below.
Document every function, method, class and type that the code defines, each once, in the order of the code.
Begin each entry with a line of the form ### `NAME`, where NAME is the bare name that the code defines.
Then say what it is for, its parameters, what it returns, and which errors it can raise.
If a line of the form `ref:` followed by a code belongs to an entry, keep it exactly as it is.
Write about the code between the source tags only.
";

/// What follows if it is known what the code defines.
const LISTED: &str = "\
The code defines what is listed here. Document exactly these, each once, in this order, under the names that they have \
here; say what belongs to overloads in one entry.
";
/// How each entry is written, where it is known what the code defines.
const REFERENCE: &str = "\
Begin each entry with one sentence that says what it is for. Then name the parameters with their meaning and units, what is \
returned, and which errors are raised and when; leave out what does not apply. Add a short example of a call in a code block \
where the use is not obvious. Say nothing that the code does not show.
";
const BRIEF: &str = "\
Write one or two sentences for each entry, without lists and examples.
";
const TUTORIAL: &str = "\
Write for readers who see the code for the first time: say what each entry is for and when they will need it, explain the \
terms that it uses, and show a short example of its use in a code block.
";

const LIST_OPENS: &str = "<definitions>\n";
const LIST_CLOSES: &str = "</definitions>\n";

/// Bytes that every prompt has besides the code, without the path: for estimates.
pub(super) const FRAME_BYTES: usize = INSTRUCTIONS.len() + 64;

/// The question about `chunk` of the file `path`.
pub(super) fn text(path: &str, source: &str, chunk: &Chunk, settings: &Settings) -> String {
    let code = &source[chunk.range.clone()];
    let (style, instructions) = wording(chunk, settings);
    let mut prompt = String::with_capacity(
        FRAME_BYTES
            + path.len()
            + chunk.context.len()
            + code.len()
            + 96
            + extra_bytes(chunk, settings),
    );
    prompt.push_str(INSTRUCTIONS);
    prompt.push_str(style);
    if !instructions.is_empty() {
        prompt.push_str(instructions);
        prompt.push('\n');
    }
    if !chunk.context.is_empty() {
        prompt.push_str("The code stands inside:\n");
        for line in chunk.context.lines() {
            prompt.push_str("> ");
            prompt.push_str(line);
            prompt.push('\n');
        }
    }
    push_names(&mut prompt, &chunk.names);
    prompt.push_str("\n<source path=\"");
    prompt.push_str(&markup(path));
    prompt.push_str("\" lines=\"");
    prompt.push_str(&chunk.first_line.to_string());
    prompt.push('-');
    prompt.push_str(&chunk.last_line.to_string());
    prompt.push_str("\">\n");
    prompt.push_str(code);
    if !code.ends_with('\n') {
        prompt.push('\n');
    }
    prompt.push_str("</source>\n");
    prompt
}

/// How entries are written: in words of ours and of the user. Made-up code, of which only lines are looked
/// at, needs no further words unless they are asked for.
fn wording<'s>(chunk: &Chunk, settings: &'s Settings) -> (&'static str, &'s str) {
    let style = match settings.style {
        Style::Reference if chunk.names.is_empty() => "",
        Style::Reference => REFERENCE,
        Style::Brief => BRIEF,
        Style::Tutorial => TUTORIAL,
    };
    (style, settings.instructions.trim())
}

/// Bytes of a question besides the frame, the path and the code: how to write, and the list of what
/// `chunk` defines.
pub(super) fn extra_bytes(chunk: &Chunk, settings: &Settings) -> usize {
    let (style, instructions) = wording(chunk, settings);
    let names: usize = chunk.names.iter().map(|name| name.len() + 1).sum();
    let list = if chunk.names.is_empty() {
        0
    } else {
        LISTED.len() + LIST_OPENS.len() + names + LIST_CLOSES.len()
    };
    style.len() + instructions.len() + list
}

fn push_names(prompt: &mut String, names: &[String]) {
    if names.is_empty() {
        return;
    }
    prompt.push_str(LISTED);
    prompt.push_str(LIST_OPENS);
    for name in names {
        prompt.push_str(name);
        prompt.push('\n');
    }
    prompt.push_str(LIST_CLOSES);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_code_stands_verbatim_between_the_tags_and_its_context_outside() {
        let source = "class A:\n    def f(self): pass\n    def g(self): pass";
        let chunk = Chunk {
            range: 31..source.len(),
            first_line: 3,
            last_line: 3,
            context: "class A:".into(),
            definitions: 1,
            names: Vec::new(),
        };
        let prompt = text("a\"b.py", source, &chunk, &Settings::default());
        let brief = Settings {
            style: Style::Brief,
            instructions: " Write in German. ".into(),
            ..Settings::default()
        };
        let told = text("a.py", source, &chunk, &brief);
        assert!(
            told.contains("one or two sentences") && told.contains("\nWrite in German.\n"),
            "{told}"
        );
        assert!(prompt.contains("> class A:\n\n<source path=\"a&quot;b.py\" lines=\"3-3\">\n    def g(self): pass\n</source>\n"), "{prompt}");
    }
}
