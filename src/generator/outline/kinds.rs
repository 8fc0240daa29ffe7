//! Which node kinds of each grammar define something, and how they are named.

use super::super::grammar::Grammar;

/// What a node of some kind means for an outline.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    /// Nothing; its children may mean something.
    Pass,
    /// Nothing, and neither do its children.
    Skip,
    /// Defines what its field `name` says, if it has one.
    Define,
    /// A Go method, which names its type in the receiver.
    Method,
    /// Python's `type NAME = …`.
    Alias,
    /// Defines what its first field says if its second field is a function or class.
    Given(&'static str, &'static str),
    /// Rust's `impl`: a scope with the name of its type.
    Impl,
    /// A scope with the name in its field `name`, which is no definition itself.
    Scope,
    /// TypeScript's `declare global`.
    Global,
    /// What a definition may stand in with its decorators.
    Wrapper,
    /// Defines what its field `name` says if it has a body: `struct A` alone only names it.
    Bodied,
    /// Defines the function that its field `declarator` spells.
    Declarator,
    /// Declares the functions that its fields `declarator` spell, unless it stands in a function.
    Prototype,
    /// A C++ friend, which is defined elsewhere unless it has a body here.
    Friend,
    /// C's `typedef`: what its fields `declarator` spell.
    Typedef,
    /// The body of a C function: what is only declared in it is no part of the file.
    Body,
    /// Defines what `name::special` says, by its kind.
    Special,
    /// A property, which is defined if it has code.
    Property,
    /// A Kotlin function, which may extend a type.
    Extension,
    /// A Ruby method of one object.
    Singleton,
    /// A Ruby constant that may be given a new class.
    Constant,
}

/// The role of `kind` in `grammar`.
pub(super) fn role(grammar: Grammar, kind: &str) -> Role {
    match grammar {
        Grammar::Python => python(kind),
        Grammar::JavaScript => javascript(kind),
        Grammar::TypeScript | Grammar::Tsx => typescript(kind),
        Grammar::Java => java(kind),
        Grammar::Go => go(kind),
        Grammar::Rust => rust(kind),
        Grammar::C | Grammar::Cpp => c(kind),
        Grammar::CSharp => csharp(kind),
        Grammar::Kotlin => kotlin(kind),
        Grammar::Php => php(kind),
        Grammar::Ruby => ruby(kind),
    }
}

fn python(kind: &str) -> Role {
    match kind {
        "class_definition" | "function_definition" => Role::Define,
        "type_alias_statement" => Role::Alias,
        "decorated_definition" => Role::Wrapper,
        // Definitions are statements, and these hold none.
        "expression_statement"
        | "return_statement"
        | "import_statement"
        | "import_from_statement"
        | "future_import_statement"
        | "assert_statement"
        | "raise_statement"
        | "delete_statement"
        | "decorator"
        | "argument_list"
        | "parameters"
        | "comment"
        | "string" => Role::Skip,
        _ => Role::Pass,
    }
}

fn javascript(kind: &str) -> Role {
    match kind {
        "class"
        | "class_declaration"
        | "function_declaration"
        | "function_expression"
        | "generator_function"
        | "generator_function_declaration"
        | "method_definition" => Role::Define,
        "variable_declarator" => Role::Given("name", "value"),
        "field_definition" => Role::Given("property", "value"),
        "assignment_expression" => Role::Given("left", "right"),
        "pair" => Role::Given("key", "value"),
        "export_statement" => Role::Wrapper,
        "import_statement" | "comment" | "string" | "regex" => Role::Skip,
        _ => Role::Pass,
    }
}

fn typescript(kind: &str) -> Role {
    match kind {
        "abstract_class_declaration"
        | "interface_declaration"
        | "enum_declaration"
        | "type_alias_declaration"
        | "module"
        | "internal_module"
        | "function_signature"
        | "method_signature"
        | "abstract_method_signature" => Role::Define,
        "public_field_definition" => Role::Given("name", "value"),
        "ambient_declaration" => Role::Global,
        _ => javascript(kind),
    }
}

fn java(kind: &str) -> Role {
    match kind {
        "class_declaration"
        | "interface_declaration"
        | "enum_declaration"
        | "record_declaration"
        | "annotation_type_declaration"
        | "method_declaration"
        | "constructor_declaration"
        | "compact_constructor_declaration"
        | "annotation_type_element_declaration" => Role::Define,
        "enum_constant" => Role::Scope,
        "import_declaration"
        | "package_declaration"
        | "line_comment"
        | "block_comment"
        | "string_literal" => Role::Skip,
        _ => Role::Pass,
    }
}

fn go(kind: &str) -> Role {
    match kind {
        "function_declaration" | "type_spec" | "type_alias" | "method_elem" => Role::Define,
        "method_declaration" => Role::Method,
        "import_declaration" | "comment" | "interpreted_string_literal" | "raw_string_literal" => {
            Role::Skip
        }
        _ => Role::Pass,
    }
}

fn rust(kind: &str) -> Role {
    match kind {
        "struct_item"
        | "enum_item"
        | "union_item"
        | "type_item"
        | "trait_item"
        | "mod_item"
        | "function_item"
        | "function_signature_item"
        | "associated_type"
        | "macro_definition" => Role::Define,
        "impl_item" => Role::Impl,
        "use_declaration"
        | "attribute_item"
        | "inner_attribute_item"
        | "token_tree"
        | "line_comment"
        | "block_comment"
        | "string_literal"
        | "raw_string_literal" => Role::Skip,
        _ => Role::Pass,
    }
}

fn c(kind: &str) -> Role {
    match kind {
        "struct_specifier" | "union_specifier" | "enum_specifier" | "class_specifier" => {
            Role::Bodied
        }
        "function_definition" | "inline_method_definition" => Role::Declarator,
        "declaration" | "field_declaration" => Role::Prototype,
        "type_definition" => Role::Typedef,
        "preproc_function_def" | "alias_declaration" | "concept_definition" => Role::Define,
        "namespace_definition" => Role::Scope,
        "template_declaration" => Role::Wrapper,
        "friend_declaration" => Role::Friend,
        "compound_statement" => Role::Body,
        "template_instantiation"
        | "parameter_list"
        | "preproc_include"
        | "preproc_def"
        | "preproc_arg"
        | "comment"
        | "string_literal"
        | "raw_string_literal" => Role::Skip,
        _ => Role::Pass,
    }
}

fn csharp(kind: &str) -> Role {
    match kind {
        "class_declaration"
        | "struct_declaration"
        | "interface_declaration"
        | "enum_declaration"
        | "record_declaration"
        | "delegate_declaration"
        | "method_declaration"
        | "constructor_declaration"
        | "local_function_statement" => Role::Define,
        "destructor_declaration"
        | "operator_declaration"
        | "conversion_operator_declaration"
        | "indexer_declaration" => Role::Special,
        "property_declaration" | "event_declaration" => Role::Property,
        "namespace_declaration" => Role::Scope,
        "using_directive" | "comment" | "string_literal" | "attribute_list" => Role::Skip,
        _ => Role::Pass,
    }
}

fn kotlin(kind: &str) -> Role {
    match kind {
        "class_declaration" | "object_declaration" => Role::Define,
        "function_declaration" => Role::Extension,
        "companion_object" | "secondary_constructor" | "type_alias" => Role::Special,
        "property_declaration" => Role::Property,
        "enum_entry" => Role::Scope,
        "import" | "package_header" | "line_comment" | "block_comment" | "annotation" => Role::Skip,
        _ => Role::Pass,
    }
}

fn php(kind: &str) -> Role {
    match kind {
        "class_declaration"
        | "interface_declaration"
        | "trait_declaration"
        | "enum_declaration"
        | "function_definition"
        | "method_declaration" => Role::Define,
        "property_declaration" => Role::Property,
        "namespace_definition" => Role::Bodied,
        "namespace_use_declaration" | "comment" | "string" | "text" | "attribute_list" => {
            Role::Skip
        }
        _ => Role::Pass,
    }
}

fn ruby(kind: &str) -> Role {
    match kind {
        "module" | "class" | "method" => Role::Define,
        "singleton_method" => Role::Singleton,
        "assignment" => Role::Constant,
        "comment" | "string_content" | "heredoc_content" => Role::Skip,
        _ => Role::Pass,
    }
}
