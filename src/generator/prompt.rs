//! What the model is asked.

use super::chunk::Chunk;
use crate::text::markup;

/// Version of the question's words, part of every cache key: raise it when the words change.
pub const VERSION: u32 = 1;

const INSTRUCTIONS: &str = "\
Write reference documentation in Markdown for the source code below.
Document every function, method, class and type that the code defines, each once, in the order of the code.
Begin each entry with a line of the form ### `NAME`, where NAME is the bare name that the code defines.
Then say what it is for, its parameters, what it returns, and which errors it can raise.
If a line of the form `ref:` followed by a code belongs to an entry, keep it exactly as it is.
Write about the code between the source tags only.
";

/// Bytes that every prompt has besides the code, without the path: for estimates.
pub(super) const FRAME_BYTES: usize = INSTRUCTIONS.len() + 64;

/// The question about `chunk` of the file `path`.
pub(super) fn text(path: &str, source: &str, chunk: &Chunk) -> String {
    let code = &source[chunk.range.clone()];
    let mut prompt =
        String::with_capacity(FRAME_BYTES + path.len() + chunk.context.len() + code.len() + 96);
    prompt.push_str(INSTRUCTIONS);
    if !chunk.context.is_empty() {
        prompt.push_str("The code stands inside:\n");
        for line in chunk.context.lines() {
            prompt.push_str("> ");
            prompt.push_str(line);
            prompt.push('\n');
        }
    }
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
        };
        let prompt = text("a\"b.py", source, &chunk);
        assert!(prompt.contains("> class A:\n\n<source path=\"a&quot;b.py\" lines=\"3-3\">\n    def g(self): pass\n</source>\n"), "{prompt}");
    }
}
