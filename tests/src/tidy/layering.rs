//! Dependencies between our crates point one way, and no manifest may point another.
//!
//! `dpdk-sys ← dpdk ← daemon, bench`; `engine ← ha ← daemon`; `tests → engine, ha`. Cargo itself refuses a `use` of
//! what the manifest does not name, so the manifests are where the rule stands; code is looked at for what a
//! manifest does not show: a path through a crate that re-exports another, and sockets from `std` in the engine.

use super::tokens::{find, production};
use super::{Finding, Tree};
use toml::{Table, Value};

/// A crate of ours and which of ours it may depend on, in any way (development and build dependencies too).
struct Layer {
    name: &'static str,
    may_use: &'static [&'static str],
}

const LAYERS: &[Layer] = &[
    Layer { name: "dpdk-sys", may_use: &[] },
    Layer { name: "dpdk", may_use: &["dpdk-sys"] },
    Layer { name: "holdfast-engine", may_use: &[] },
    Layer { name: "holdfast-ha", may_use: &["holdfast-engine"] },
    Layer { name: "holdfast", may_use: &["dpdk", "holdfast-engine", "holdfast-ha"] },
    Layer { name: "holdfast-bench", may_use: &["dpdk", "holdfast-engine", "holdfast-ha"] },
    Layer { name: "holdfast-tests", may_use: &["holdfast-engine", "holdfast-ha"] },
];

/// Paths that must not appear in the code under a prefix, and why.
const PATHS: &[(&str, &[&str], &str)] = &[
    ("engine/src/", &["dpdk", "dpdk_sys"], "the engine sees packets through io.rs, never DPDK"),
    ("engine/src/", &["holdfast_ha"], "the engine emits deltas; it does not know HA"),
    (
        "engine/src/",
        &["socket2", "TcpStream", "TcpListener", "UdpSocket", "UnixStream"],
        "no sockets in the engine",
    ),
    ("engine/daemon/", &["dpdk_sys"], "only bindings/dpdk names dpdk-sys"),
    ("ha/", &["dpdk", "dpdk_sys"], "HA knows nothing of DPDK"),
    ("bench/", &["dpdk_sys"], "only bindings/dpdk names dpdk-sys"),
    ("tests/", &["dpdk", "dpdk_sys"], "tests drive the engine directly and the real binary from outside"),
];

/// Every dependency that points the wrong way.
pub fn check(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for file in tree.files.iter().filter(|f| f.path.ends_with("Cargo.toml")) {
        let mut find_here =
            |message: String| findings.push(Finding { path: file.path.clone(), line: 0, message });
        match file.text.parse::<Table>() {
            Ok(manifest) => check_manifest(&manifest, &mut find_here),
            Err(error) => find_here(format!("not TOML: {error}")),
        }
    }
    for file in tree.rust() {
        let tokens = production(file);
        for (_, words, why) in PATHS.iter().filter(|(prefix, ..)| file.path.starts_with(prefix)) {
            for word in *words {
                let uses = find(&tokens, word).filter(|&at| is_path(&tokens, at));
                findings.extend(uses.map(|at| Finding {
                    path: file.path.clone(),
                    line: tokens[at].line,
                    message: format!("`{word}`: {why}"),
                }));
            }
        }
    }
    findings
}

/// Whether the identifier at `at` is part of a path or an import: `name ::`, `:: name`, or behind `use`.
fn is_path(tokens: &[super::tokens::Token], at: usize) -> bool {
    let text = |i: usize| tokens.get(i).map_or("", |t| t.text.as_str());
    let follows = text(at + 1) == ":" && text(at + 2) == ":";
    let precedes = at > 0 && matches!(text(at - 1), ":" | "use" | "{" | ",");
    // `net::{TcpStream}` is an import as much as `net::TcpStream`; a struct field `dpdk: …` is not.
    follows
        || (precedes && text(at + 1) != ":" && text(at).starts_with(char::is_uppercase))
        || (at > 0 && text(at - 1) == "use")
}

fn check_manifest(manifest: &Table, find_here: &mut impl FnMut(String)) {
    let Some(name) = manifest.get("package").and_then(|p| p.get("name")).and_then(Value::as_str) else {
        return; // The workspace's own manifest.
    };
    let Some(layer) = LAYERS.iter().find(|l| l.name == name) else {
        find_here(format!(
            "crate `{name}` has no place in the layering: name it in tests/src/tidy/layering.rs"
        ));
        return;
    };
    for dependency in dependencies(manifest) {
        let ours = LAYERS.iter().any(|l| l.name == dependency);
        if ours && dependency != name && !layer.may_use.contains(&dependency.as_str()) {
            find_here(format!("`{name}` must not depend on `{dependency}`"));
        }
    }
}

/// Names of all dependencies, of every kind and every target; a renamed one by its package name.
fn dependencies(manifest: &Table) -> Vec<String> {
    let mut tables = vec![manifest];
    let targets = manifest.get("target").and_then(Value::as_table);
    tables.extend(targets.into_iter().flat_map(|t| t.values()).filter_map(Value::as_table));
    let kinds = ["dependencies", "dev-dependencies", "build-dependencies"];
    let mut names = Vec::new();
    for table in tables {
        for entries in kinds.iter().filter_map(|kind| table.get(*kind)?.as_table()) {
            for (name, value) in entries {
                let package = value.get("package").and_then(Value::as_str);
                names.push(package.unwrap_or(name).to_owned());
            }
        }
    }
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    fn messages(path: &str, text: &str) -> Vec<String> {
        check(&Tree::of(&[(path, text)])).into_iter().map(|f| f.message).collect()
    }

    #[test]
    fn a_manifest_that_points_back_is_found() {
        let bad = "[package]\nname = \"holdfast-engine\"\n[dependencies]\nserde = \"1\"\n[dev-dependencies]\n\
                   dpdk.workspace = true\n[target.'cfg(loom)'.dependencies]\nalias = { package = \"holdfast-ha\" }\n";
        let expected = [
            "`holdfast-engine` must not depend on `dpdk`",
            "`holdfast-engine` must not depend on `holdfast-ha`",
        ];
        assert_eq!(messages("engine/Cargo.toml", bad), expected);
    }

    #[test]
    fn a_crate_without_a_place_is_found() {
        assert_eq!(messages("new/Cargo.toml", "[package]\nname = \"holdfast-new\"\n").len(), 1);
    }

    #[test]
    fn code_that_reaches_around_its_layer_is_found() {
        assert_eq!(messages("engine/src/a.rs", "use dpdk::mbuf::Mbuf;").len(), 1);
        assert_eq!(messages("engine/src/a.rs", "use std::net::{IpAddr, UdpSocket};").len(), 1);
        assert_eq!(messages("engine/daemon/src/a.rs", "fn f() { dpdk::dpdk_sys::rte_eal_init(); }").len(), 1);
    }

    #[test]
    fn allowed_ways_and_plain_names_are_fine() {
        let daemon = "[package]\nname = \"holdfast\"\n[dependencies]\ndpdk.workspace = true\nholdfast-engine.workspace = true\n";
        assert_eq!(messages("engine/daemon/Cargo.toml", daemon), [""; 0]);
        assert_eq!(messages("engine/daemon/src/a.rs", "use dpdk::eal;"), [""; 0]);
        assert_eq!(messages("engine/src/a.rs", "struct S { dpdk: u8 }"), [""; 0]);
    }
}
