//! Parses a program by the grammar that belongs to the ending of its path, within bounds: hostile or
//! broken text can make a parser slow, and nobody must wait for it.

use std::borrow::Cow;
use std::ops::ControlFlow;

use tree_sitter::{Language, ParseOptions, Parser, Tree};

mod prepare;
mod preprocessor;
mod quoted;

/// Larger texts are read line by line: a tree takes up to 30 times the text's bytes of memory.
const MAX_BYTES: usize = 4 << 20;
/// Looks of the parser at its progress that any text may take. They count steps and not time, so that
/// the same text is read in the same way on every machine.
const FREE_LOOKS: usize = 2_000;
/// Looks that each further kilobyte may take; ordinary code takes fewer than ten.
const LOOKS_PER_KB: usize = 60;

/// A language whose grammar is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Grammar {
    Python,
    JavaScript,
    TypeScript,
    Tsx,
    Java,
    Go,
    Rust,
    C,
    Cpp,
    CSharp,
    Kotlin,
    Php,
    Ruby,
}

/// A text and its tree. All offsets are those of the text as it was given.
pub(super) struct Parsed<'a> {
    pub(super) grammar: Grammar,
    pub(super) tree: Tree,
    /// The text that was parsed, as long as the given one: without a byte order mark, with other
    /// line ends, perhaps without comments.
    pub(super) text: Cow<'a, str>,
}

impl Grammar {
    /// The grammar for files that end like `path`, in letters of any case. A header of C may be one of
    /// C++, which its `text` tells.
    pub(super) fn of(path: &str, text: &str) -> Option<Self> {
        let (_, ending) = path.rsplit_once('.')?;
        Some(match ending.to_ascii_lowercase().as_str() {
            "py" | "pyi" | "pyw" | "ipynb" => Self::Python,
            "js" | "mjs" | "cjs" | "jsx" => Self::JavaScript,
            "ts" | "mts" | "cts" => Self::TypeScript,
            "tsx" => Self::Tsx,
            "java" => Self::Java,
            "go" => Self::Go,
            "rs" => Self::Rust,
            "h" if is_cpp(text) => Self::Cpp,
            "c" | "h" => Self::C,
            "cc" | "cpp" | "cxx" | "hh" | "hpp" | "hxx" | "inl" | "ipp" | "tpp" => Self::Cpp,
            "cs" => Self::CSharp,
            "kt" | "kts" => Self::Kotlin,
            "php" => Self::Php,
            "rb" => Self::Ruby,
            _ => return None,
        })
    }

    pub(super) fn language(self) -> Language {
        match self {
            Self::Python => tree_sitter_python::LANGUAGE.into(),
            Self::JavaScript => tree_sitter_javascript::LANGUAGE.into(),
            Self::TypeScript => tree_sitter_typescript::LANGUAGE_TYPESCRIPT.into(),
            Self::Tsx => tree_sitter_typescript::LANGUAGE_TSX.into(),
            Self::Java => tree_sitter_java::LANGUAGE.into(),
            Self::Go => tree_sitter_go::LANGUAGE.into(),
            Self::Rust => tree_sitter_rust::LANGUAGE.into(),
            Self::C => tree_sitter_c::LANGUAGE.into(),
            Self::Cpp => tree_sitter_cpp::LANGUAGE.into(),
            Self::CSharp => tree_sitter_c_sharp::LANGUAGE.into(),
            Self::Kotlin => tree_sitter_kotlin_ng::LANGUAGE.into(),
            Self::Php => tree_sitter_php::LANGUAGE_PHP.into(),
            Self::Ruby => tree_sitter_ruby::LANGUAGE.into(),
        }
    }
}

/// Whether a header has a line that only C++ can have.
fn is_cpp(text: &str) -> bool {
    let words = [
        "class ",
        "namespace ",
        "template<",
        "template <",
        "using ",
        "public:",
        "private:",
        "protected:",
    ];
    text.lines().any(|line| {
        let line = line.trim_ascii_start();
        words.iter().any(|word| line.starts_with(word))
    })
}

/// The tree of `text`; none when `path` has no grammar, or when the text is too large or takes too
/// many steps.
pub(super) fn parse<'a>(path: &str, text: &'a str) -> Option<Parsed<'a>> {
    let grammar = Grammar::of(path, text)?;
    if text.len() > MAX_BYTES {
        return None;
    }
    let text = prepare::prepared(grammar, text);
    let mut parser = Parser::new();
    parser.set_language(&grammar.language()).ok()?;
    let mut left = FREE_LOOKS + text.len() / 1024 * LOOKS_PER_KB;
    let mut look = |_: &tree_sitter::ParseState| match left.checked_sub(1) {
        Some(fewer) => {
            left = fewer;
            ControlFlow::Continue(())
        }
        None => ControlFlow::Break(()),
    };
    let bytes = text.as_bytes();
    let options = ParseOptions::new().progress_callback(&mut look);
    let tree = parser.parse_with_options(
        &mut |at, _| &bytes[at.min(bytes.len())..],
        None,
        Some(options),
    )?;
    Some(Parsed {
        grammar,
        tree,
        text,
    })
}
