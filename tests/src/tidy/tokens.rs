//! Rust text as a flat list of tokens, with test code set aside.
//!
//! Flat, because the rules look for short sequences (`. unwrap (`, `thread :: sleep`) that may stand anywhere,
//! also inside macro calls, which a syntax tree would leave opaque. A delimiter becomes a token of its own.

use super::SourceFile;
use proc_macro2::{Delimiter, TokenStream, TokenTree};

/// One token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Token {
    /// Identifier, punctuation character, delimiter, or literal as written.
    pub text: String,
    /// Line in the file, from 1.
    pub line: usize,
}

/// The whole file's tokens; a file that is no Rust gives none (the compiler says so better).
pub fn all(file: &SourceFile) -> Vec<Token> {
    flatten(&file.text, false)
}

/// The file's tokens without test code: items under `#[test]` or `#[cfg(test)]`.
pub fn production(file: &SourceFile) -> Vec<Token> {
    flatten(&file.text, true)
}

/// Whether the whole file is test code by its place: `tests/` or `benches/` inside a crate, a `tests.rs`, a
/// `testkit.rs` or a `loom.rs`, a file in a folder of such a module, or the tests crate itself.
pub fn is_test_file(path: &str) -> bool {
    path.starts_with("tests/")
        || ["/tests.rs", "/testkit.rs", "/loom.rs"].iter().any(|name| path.ends_with(name))
        || ["/tests/", "/testkit/", "/benches/"].iter().any(|folder| path.contains(folder))
}

/// Positions in `tokens` where the words of `pattern` (separated by blanks) begin.
/// A path separator may be written `::`, though it is two tokens.
pub fn find<'a>(tokens: &'a [Token], pattern: &str) -> impl Iterator<Item = usize> + 'a {
    let words: Vec<String> = pattern.replace("::", ": :").split(' ').map(str::to_owned).collect();
    (0..tokens.len()).filter(move |&at| {
        words.iter().enumerate().all(|(i, word)| tokens.get(at + i).is_some_and(|t| t.text == *word))
    })
}

fn flatten(text: &str, skip_tests: bool) -> Vec<Token> {
    let mut out = Vec::new();
    if let Ok(stream) = text.parse::<TokenStream>() {
        push_stream(stream, skip_tests, &mut out);
    }
    out
}

fn push_stream(stream: TokenStream, skip_tests: bool, out: &mut Vec<Token>) {
    let trees: Vec<TokenTree> = stream.into_iter().collect();
    let mut at = 0;
    while at < trees.len() {
        if skip_tests && is_test_attribute(&trees[at..]) {
            at = end_of_item(&trees, at + 2);
            continue;
        }
        push_tree(&trees[at], skip_tests, out);
        at += 1;
    }
}

fn push_tree(tree: &TokenTree, skip_tests: bool, out: &mut Vec<Token>) {
    let mut push = |text: String, line: usize| out.push(Token { text, line });
    match tree {
        TokenTree::Group(group) => {
            let (open, close) = match group.delimiter() {
                Delimiter::Parenthesis => ("(", ")"),
                Delimiter::Brace => ("{", "}"),
                Delimiter::Bracket => ("[", "]"),
                Delimiter::None => ("", ""),
            };
            push(open.to_owned(), group.span_open().start().line);
            push_stream(group.stream(), skip_tests, out);
            out.push(Token { text: close.to_owned(), line: group.span_close().start().line });
        }
        TokenTree::Ident(ident) => push(ident.to_string(), ident.span().start().line),
        TokenTree::Punct(punct) => push(punct.as_char().to_string(), punct.span().start().line),
        TokenTree::Literal(literal) => push(literal.to_string(), literal.span().start().line),
    }
}

/// `#[test]`, or `#[cfg(…)]` that mentions `test` without a `not`.
fn is_test_attribute(trees: &[TokenTree]) -> bool {
    let [TokenTree::Punct(hash), TokenTree::Group(group), ..] = trees else { return false };
    if hash.as_char() != '#' || group.delimiter() != Delimiter::Bracket {
        return false;
    }
    let mut words = Vec::new();
    push_stream(group.stream(), false, &mut words);
    let has = |word: &str| words.iter().any(|t| t.text == word);
    match words.first().map(|t| t.text.as_str()) {
        Some("test") => words.len() == 1,
        Some("cfg") => has("test") && !has("not"),
        _ => false,
    }
}

/// The position after the item that begins at `at` (further attributes included): its brace group or its `;`.
fn end_of_item(trees: &[TokenTree], mut at: usize) -> usize {
    while at < trees.len() {
        let ends = match &trees[at] {
            TokenTree::Group(group) => group.delimiter() == Delimiter::Brace,
            TokenTree::Punct(punct) => punct.as_char() == ';',
            _ => false,
        };
        at += 1;
        if ends {
            break;
        }
    }
    at
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> String {
        let file = SourceFile { path: "x.rs".into(), text: text.into() };
        production(&file).into_iter().map(|t| t.text).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn comments_and_strings_are_no_code() {
        assert_eq!(words("// x.unwrap()\nlet a = \"y.unwrap()\";"), "let a = \"y.unwrap()\" ;");
    }

    #[test]
    fn test_items_are_set_aside_and_the_rest_stays() {
        let text = "fn a() {} #[cfg(test)] mod tests { fn b() {} } #[test] #[ignore] fn c() { } \
                    #[cfg(test)] use x::y; fn d() {} #[cfg(not(test))] fn e() {}";
        assert_eq!(words(text), "fn a ( ) { } fn d ( ) { } # [ cfg ( not ( test ) ) ] fn e ( ) { }");
    }

    #[test]
    fn a_test_inside_a_module_is_set_aside_too() {
        assert_eq!(words("mod m { #[test] fn a() {} fn b() {} }"), "mod m { fn b ( ) { } }");
    }

    #[test]
    fn sequences_are_found_across_lines_with_their_line() {
        let file = SourceFile { path: "x.rs".into(), text: "a\n  .unwrap\n ()".into() };
        let tokens = production(&file);
        let lines: Vec<usize> = find(&tokens, ". unwrap (").map(|at| tokens[at].line).collect();
        assert_eq!(lines, [2]);
    }
}
