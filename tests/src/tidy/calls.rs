//! Calls that have no place outside a few files: clocks, sleeps, locks, panics, `unsafe`, unfinished work.
//!
//! Clippy denies most of them as well, but an `#[allow]` silences clippy anywhere; here the places are named once.

use super::tokens::{find, is_test_file, production};
use super::{Finding, SourceFile, Tree};

/// A sequence of tokens and the only places where it may stand.
struct Ban {
    /// Tokens, separated by blanks.
    patterns: &'static [&'static str],
    /// Path prefixes where it may stand.
    allowed: &'static [&'static str],
    /// Whether test code may use it.
    in_tests: bool,
    /// Why it is banned.
    why: &'static str,
}

const BANS: &[Ban] = &[
    Ban {
        patterns: &["Instant :: now", "SystemTime :: now"],
        allowed: &["bench/", "ha/src/runtime", "tests/src/net/wait.rs"],
        in_tests: false,
        why: "logic takes `now`, the daemon asks DPDK's clock; a test measures with tests/src/net/wait.rs",
    },
    Ban {
        patterns: &["thread :: sleep", "thread :: sleep_ms"],
        allowed: &["engine/daemon/src/dataplane/idle.rs", "bench/", "tests/src/net/wait.rs"],
        in_tests: false,
        why: "wait on a condition; only the worker's adaptive polling sleeps",
    },
    Ban {
        patterns: &["Mutex", "RwLock", "Condvar"],
        // The control path's lock around DPDK's process-wide lists; bursts never take it.
        allowed: &["bindings/dpdk/src/eal.rs"],
        in_tests: true,
        why: "no locks: one writer per shard, rings and channels between threads",
    },
    Ban {
        patterns: &["todo !", "unimplemented !"],
        allowed: &[],
        in_tests: false,
        why: "unfinished work is not committed",
    },
    Ban {
        patterns: &[". unwrap (", ". expect (", ". unwrap_err (", ". expect_err ("],
        allowed: &[],
        in_tests: true,
        why: "errors are enums and are returned; only tests unwrap",
    },
    Ban {
        patterns: &["unsafe"],
        allowed: &["bindings/", "engine/src/session/bucket.rs", "engine/src/session/memory.rs"],
        in_tests: false,
        why: "unsafe lives in bindings/ and in the session table's bucket and memory files",
    },
];

/// Every banned call outside its places.
pub fn check(tree: &Tree) -> Vec<Finding> {
    tree.rust().flat_map(check_file).collect()
}

fn check_file(file: &SourceFile) -> Vec<Finding> {
    let production_tokens = production(file);
    let all_tokens = super::tokens::all(file);
    let mut findings = Vec::new();
    for ban in BANS {
        if ban.allowed.iter().any(|prefix| file.path.starts_with(prefix)) {
            continue;
        }
        if ban.in_tests && is_test_file(&file.path) {
            continue;
        }
        let tokens = if ban.in_tests { &production_tokens } else { &all_tokens };
        for pattern in ban.patterns {
            for at in find(tokens, pattern) {
                findings.push(Finding {
                    path: file.path.clone(),
                    line: tokens[at].line,
                    message: format!("`{}`: {}", pattern.replace(' ', ""), ban.why),
                });
            }
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(path: &str, text: &str) -> Vec<usize> {
        check(&Tree::of(&[(path, text)])).iter().map(|f| f.line).collect()
    }

    #[test]
    fn each_ban_fails_on_a_bad_sample() {
        let bad = "fn f() {\n std::time::Instant::now();\n SystemTime::now();\n thread::sleep(d);\n \
                   let m: Mutex<u8>;\n let l: std::sync::RwLock<u8>;\n todo!();\n unimplemented!();\n x.unwrap();\n \
                   y.expect(\"z\");\n unsafe { g() }\n}";
        let mut found = lines("engine/src/a.rs", bad);
        found.sort_unstable();
        assert_eq!(found, (2..=11).collect::<Vec<_>>());
    }

    #[test]
    fn a_banned_call_inside_a_macro_is_seen() {
        assert_eq!(lines("engine/src/a.rs", "fn f() { println!(\"{}\", x.unwrap()) }"), [1]);
    }

    #[test]
    fn relatives_that_do_not_panic_are_fine() {
        let fine =
            "fn f() { a.unwrap_or(1); b.unwrap_or_default(); c.expected(); #[expect(dead_code)] let d = 1; }";
        assert_eq!(lines("engine/src/a.rs", fine), [0; 0]);
    }

    #[test]
    fn tests_may_unwrap_but_neither_sleep_nor_read_a_clock() {
        let text =
            "#[cfg(test)]\nmod tests {\n fn f() {\n x.unwrap();\n thread::sleep(d);\n Instant::now();\n } }";
        let mut found = lines("engine/src/a.rs", text);
        found.sort_unstable();
        assert_eq!(found, [5, 6]);
    }

    #[test]
    fn places_that_may_are_left_alone() {
        assert_eq!(lines("bindings/dpdk/src/eal.rs", "unsafe fn f() {}"), [0; 0]);
        assert_eq!(lines("engine/src/session/memory.rs", "unsafe fn f() {}"), [0; 0]);
        assert_eq!(lines("engine/daemon/src/dataplane/idle.rs", "fn f() { thread::sleep(d); }"), [0; 0]);
        assert_eq!(lines("engine/daemon/src/logging.rs", "fn f() { thread::sleep(d); }"), [1]);
        assert_eq!(lines("bench/src/clock.rs", "fn f() { Instant::now(); }"), [0; 0]);
        assert_eq!(lines("engine/src/session/table.rs", "unsafe fn f() {}"), [1]);
    }
}
