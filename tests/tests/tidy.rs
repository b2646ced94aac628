//! The style rules, run over this repository. Each rule's own tests (that it fails on a bad sample) stand beside it
//! in `tests/src/tidy`.
#![allow(clippy::unwrap_used, reason = "test code")]

use holdfast_tests::tidy::{
    Finding, Tree, calls, drop_reasons, iteration, layering, length, paths, report, top_level,
};

fn assert_none(rule: fn(&Tree) -> Vec<Finding>) {
    let findings = rule(&Tree::load().unwrap());
    assert!(findings.is_empty(), "\n{}", report(&findings));
}

#[test]
fn the_repository_is_read() {
    let tree = Tree::load().unwrap();
    for path in ["Cargo.toml", "engine/src/lib.rs", "scripts/setup", "tests/tests/tidy.rs"] {
        assert!(tree.files.iter().any(|f| f.path == path), "{path}");
    }
    assert!(!tree.files.iter().any(|f| f.path.starts_with("target/")));
}

#[test]
fn files_are_small() {
    eprint!("{}", report(&length::smells(&Tree::load().unwrap())));
    assert_none(length::check);
}

#[test]
fn crates_depend_one_way() {
    assert_none(layering::check);
}

#[test]
fn banned_calls_stay_where_they_may() {
    assert_none(calls::check);
}

#[test]
fn no_order_of_a_hash_map_matters() {
    assert_none(iteration::check);
}

#[test]
fn the_top_level_is_tidy() {
    assert_none(top_level::check);
}

#[test]
fn nothing_of_one_machine_is_in_here() {
    assert_none(paths::check);
}

#[test]
fn every_drop_reason_is_documented() {
    assert_none(drop_reasons::check);
}

#[test]
fn every_drop_reason_is_counted() {
    assert_none(drop_reasons::uncounted);
}
