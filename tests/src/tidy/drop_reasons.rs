//! Every drop reason is documented, counted somewhere, and named in `snake_case`: a reason nobody counts is a
//! promise nobody keeps.

use super::tokens::{Token, all, find, production};
use super::{Finding, SourceFile, Tree};

/// Where the reasons are declared.
pub const DECLARATION: &str = "engine/src/drop_reason.rs";

/// One declared reason.
struct Reason {
    variant: String,
    line: usize,
    name: String,
    documented: bool,
}

/// Every reason without a documentation comment, or with a badly formed or repeated name.
pub fn check(tree: &Tree) -> Vec<Finding> {
    let Some(file) = tree.files.iter().find(|f| f.path == DECLARATION) else {
        let message = "the drop reasons are not here any more: tell tests/src/tidy".into();
        return vec![Finding { path: DECLARATION.into(), line: 0, message }];
    };
    let reasons = declared(file);
    let mut findings = Vec::new();
    let mut report = |reason: &Reason, message: String| {
        findings.push(Finding { path: DECLARATION.into(), line: reason.line, message });
    };
    if reasons.is_empty() {
        return vec![Finding { path: DECLARATION.into(), line: 0, message: "no reason is declared".into() }];
    }
    for (index, reason) in reasons.iter().enumerate() {
        if !reason.documented {
            report(reason, format!("{} has no documentation comment", reason.variant));
        }
        if reason.name.is_empty()
            || !reason.name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
        {
            report(reason, format!("`{}` is no snake_case counter name", reason.name));
        }
        if reasons[..index].iter().any(|r| r.name == reason.name) {
            report(reason, format!("the counter name `{}` is taken", reason.name));
        }
    }
    findings
}

/// Every reason that no code of the engine or the daemon mentions outside its declaration and outside tests.
pub fn uncounted(tree: &Tree) -> Vec<Finding> {
    let declaration = tree.files.iter().filter(|f| f.path == DECLARATION);
    let used = used_variants(tree);
    let unused = declaration.flat_map(declared).filter(|reason| !used.contains(&reason.variant));
    let found = unused.map(|reason| Finding {
        path: DECLARATION.into(),
        line: reason.line,
        message: format!("{} is counted nowhere", reason.variant),
    });
    found.collect()
}

/// `Variant = "name" ;` inside `drop_reasons! { … }`, with a doc attribute before it or not.
fn declared(file: &SourceFile) -> Vec<Reason> {
    let tokens = all(file);
    let Some(start) = find(&tokens, "drop_reasons ! {").last() else { return Vec::new() };
    let body = &tokens[start + 3..];
    let mut reasons = Vec::new();
    for at in 0..body.len().saturating_sub(3) {
        let [variant, equals, name, end] = &body[at..at + 4] else { continue };
        let is_literal = name.text.starts_with('"');
        if equals.text == "=" && is_literal && end.text == ";" {
            reasons.push(Reason {
                variant: variant.text.clone(),
                line: variant.line,
                name: name.text.trim_matches('"').to_owned(),
                // A documentation comment reaches us as `# [ doc = "…" ]`.
                documented: at > 0 && body[at - 1].text == "]",
            });
        }
    }
    reasons
}

/// Identifiers behind `DropReason ::` or an alias of it anywhere outside the declaration and outside tests.
fn used_variants(tree: &Tree) -> std::collections::BTreeSet<String> {
    let mut used = std::collections::BTreeSet::new();
    for file in tree.rust().filter(|f| f.path != DECLARATION && f.path.starts_with("engine/")) {
        let tokens: Vec<Token> = production(file);
        let mut names = vec!["DropReason".to_owned()];
        names.extend(find(&tokens, "DropReason as").filter_map(|at| Some(tokens.get(at + 2)?.text.clone())));
        for name in names {
            let pattern = format!("{name} ::");
            used.extend(find(&tokens, &pattern).filter_map(|at| Some(tokens.get(at + 3)?.text.clone())));
        }
    }
    used
}

#[cfg(test)]
mod tests {
    use super::*;

    fn messages(declaration: &str) -> Vec<String> {
        check(&Tree::of(&[(DECLARATION, declaration)])).into_iter().map(|f| f.message).collect()
    }

    fn uncounted_by(user: &str) -> Vec<String> {
        let tree = Tree::of(&[(DECLARATION, GOOD), ("engine/src/a.rs", user)]);
        uncounted(&tree).into_iter().map(|f| f.message).collect()
    }

    const GOOD: &str = "drop_reasons! {\n/// Doc.\nLand = \"land\";\n/// Doc.\nMartian = \"martian\";\n}";

    #[test]
    fn documented_and_counted_reasons_pass() {
        assert_eq!(messages(GOOD), [""; 0]);
        assert_eq!(uncounted_by("fn f() { g(DropReason::Land); h(DropReason::Martian) }"), [""; 0]);
        let alias = "use DropReason as Why; fn f() { g(Why::Land); h(Why::Martian) }";
        assert_eq!(uncounted_by(alias), [""; 0]);
    }

    #[test]
    fn a_reason_counted_in_tests_only_is_not_counted() {
        let user = "fn f() { g(DropReason::Land) } #[cfg(test)] mod t { fn f() { DropReason::Martian } }";
        assert_eq!(uncounted_by(user), ["Martian is counted nowhere"]);
    }

    #[test]
    fn missing_documentation_and_bad_names_are_found() {
        let bad =
            "drop_reasons! {\nLand = \"land\";\n/// Doc.\nMartian = \"Mars\";\n/// Doc.\nA = \"land\";\n}";
        let expected = [
            "Land has no documentation comment",
            "`Mars` is no snake_case counter name",
            "the counter name `land` is taken",
        ];
        assert_eq!(messages(bad), expected);
    }

    #[test]
    fn an_empty_declaration_is_an_error() {
        assert_eq!(messages(""), ["no reason is declared"]);
    }
}
