//! Which paths a source file names, read as tokens: comments and texts are none, macros are looked into.

use std::collections::BTreeSet;

use proc_macro2::{Delimiter, TokenStream, TokenTree};

/// A path that a file names, such as `crate::record::Run`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Named {
    pub(super) path: Vec<String>,
    /// The name that a `use` gives it in this file.
    pub(super) binds: Option<String>,
    /// Whether only tests name it.
    pub(super) in_test: bool,
}

/// What a file says about others.
#[derive(Debug, Default)]
pub(super) struct Source {
    pub(super) named: Vec<Named>,
    /// Modules in files of their own that only tests have.
    pub(super) test_modules: BTreeSet<String>,
}

impl Source {
    pub(super) fn read(text: &str) -> Self {
        let mut source = Self::default();
        let tokens: TokenStream = text.parse().unwrap();
        source.walk(tokens, false);
        source
    }

    fn walk(&mut self, tokens: TokenStream, in_test: bool) {
        let tokens: Vec<TokenTree> = tokens.into_iter().collect();
        let mut at = 0;
        while at < tokens.len() {
            let rest = &tokens[at..];
            at += match rest {
                [hash, TokenTree::Group(attribute), item @ ..]
                    if is_punct(hash, '#') && is_test_only(&attribute.stream()) =>
                {
                    2 + self.test_item(item)
                }
                [TokenTree::Ident(word), ..] if word == "use" => {
                    let end = end_of_item(rest);
                    self.use_tree(&rest[1..end], &[], in_test);
                    end + 1
                }
                [TokenTree::Ident(_), ..] => self.path(rest, in_test),
                [TokenTree::Group(group), ..] => {
                    self.walk(group.stream(), in_test);
                    1
                }
                _ => 1,
            };
        }
    }

    /// Reads an item that only tests have and returns how many tokens it has.
    fn test_item(&mut self, item: &[TokenTree]) -> usize {
        let end = (end_of_item(item) + 1).min(item.len());
        if let [.., TokenTree::Ident(word), TokenTree::Ident(name), _] = &item[..end]
            && word == "mod"
        {
            self.test_modules.insert(name.to_string());
        }
        self.walk(item[..end].iter().cloned().collect(), true);
        end
    }

    /// Reads a path outside a `use` and returns how many tokens it has.
    fn path(&mut self, tokens: &[TokenTree], in_test: bool) -> usize {
        let (mut path, mut at) = (vec![tokens[0].to_string()], 1);
        while let [first, second, TokenTree::Ident(word), ..] = &tokens[at..]
            && is_punct(first, ':')
            && is_punct(second, ':')
        {
            path.push(word.to_string());
            at += 3;
        }
        if path.len() > 1 {
            self.named.push(Named {
                path,
                binds: None,
                in_test,
            });
        }
        at
    }

    fn use_tree(&mut self, tokens: &[TokenTree], before: &[String], in_test: bool) {
        let mut path = before.to_vec();
        let mut binds = None;
        let mut renamed = false;
        for token in tokens {
            match token {
                TokenTree::Group(group) if group.delimiter() == Delimiter::Brace => {
                    let inner: Vec<TokenTree> = group.stream().into_iter().collect();
                    for tree in inner.split(|token| is_punct(token, ',')) {
                        self.use_tree(tree, &path, in_test);
                    }
                    return;
                }
                TokenTree::Ident(word) if word == "as" => renamed = true,
                TokenTree::Ident(word) if renamed => binds = Some(word.to_string()),
                // `a::{self}` names `a`.
                TokenTree::Ident(word) if word == "self" && !before.is_empty() => {
                    binds = path.last().cloned();
                }
                TokenTree::Ident(word) => {
                    path.push(word.to_string());
                    binds = Some(word.to_string());
                }
                TokenTree::Punct(star) if star.as_char() == '*' => binds = None,
                _ => {}
            }
        }
        if !path.is_empty() {
            self.named.push(Named {
                path,
                binds,
                in_test,
            });
        }
    }
}

fn is_punct(token: &TokenTree, wanted: char) -> bool {
    matches!(token, TokenTree::Punct(punct) if punct.as_char() == wanted)
}

/// Whether an attribute is `cfg(test)` in any form.
fn is_test_only(attribute: &TokenStream) -> bool {
    let text = attribute.to_string().replace(' ', "");
    text.starts_with("cfg(test") || text.starts_with("cfg(all(test")
}

/// The position of the token that ends the item at the beginning of `tokens`: a semicolon or a body.
fn end_of_item(tokens: &[TokenTree]) -> usize {
    let mut before = None;
    let end = tokens.iter().position(|token| {
        let is_use_list = matches!(&before, Some(':'));
        before = match token {
            TokenTree::Punct(punct) => Some(punct.as_char()),
            _ => None,
        };
        let is_body =
            matches!(token, TokenTree::Group(group) if group.delimiter() == Delimiter::Brace);
        is_punct(token, ';') || is_body && !is_use_list
    });
    end.unwrap_or(tokens.len())
}
