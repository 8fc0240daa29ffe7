//! The words that tell a definition from everything else, by what they do in a line.

/// Words that may stand before the one that tells what is defined.
pub(super) fn is_modifier(word: &str) -> bool {
    is_visibility(word)
        || matches!(
            word,
            "abstract"
                | "async"
                | "declare"
                | "default"
                | "export"
                | "final"
                | "native"
                | "override"
                | "readonly"
                | "sealed"
                | "static"
                | "strictfp"
                | "synchronized"
                | "unsafe"
        )
}

pub(super) fn is_visibility(word: &str) -> bool {
    matches!(word, "public" | "protected" | "private")
}

/// Words that tell what is defined.
pub(super) fn is_opener(word: &str) -> bool {
    matches!(
        word,
        "class"
            | "def"
            | "enum"
            | "fn"
            | "func"
            | "function"
            | "interface"
            | "let"
            | "record"
            | "struct"
            | "trait"
            | "type"
            | "var"
    )
}

/// Words with which no method's type or name begins.
pub(super) fn is_statement(word: &str) -> bool {
    matches!(
        word,
        "assert"
            | "await"
            | "case"
            | "catch"
            | "defer"
            | "delete"
            | "do"
            | "elif"
            | "else"
            | "fn"
            | "for"
            | "foreach"
            | "func"
            | "function"
            | "go"
            | "if"
            | "in"
            | "let"
            | "match"
            | "mut"
            | "new"
            | "not"
            | "or"
            | "return"
            | "select"
            | "switch"
            | "throw"
            | "try"
            | "typeof"
            | "until"
            | "while"
            | "with"
            | "yield"
    )
}

/// Words with which a type of Go begins.
pub(super) fn is_go_kind(word: &str) -> bool {
    matches!(
        word,
        "struct"
            | "interface"
            | "func"
            | "map"
            | "chan"
            | "string"
            | "bool"
            | "error"
            | "byte"
            | "rune"
            | "int"
            | "int8"
            | "int16"
            | "int32"
            | "int64"
            | "uint"
            | "uint8"
            | "uint16"
            | "uint32"
            | "uint64"
            | "float32"
            | "float64"
    )
}
