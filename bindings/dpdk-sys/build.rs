//! Finds libdpdk through pkg-config, compiles the shim against its headers, links what the shim uses.

use std::process::Command;

/// Oldest DPDK this crate is written for: the long-term release in Debian 12.
const DPDK_VERSION_MIN: &str = "22.11";
const SHIM: [&str; 8] =
    ["eal.c", "mbuf.c", "layout.c", "port.c", "configure.c", "counters.c", "acl.c", "fib.c"];
/// Libraries the shim calls into. EAL loads drivers from its plugin folder by itself.
const LIBRARIES: [&str; 6] = ["rte_eal", "rte_ethdev", "rte_mbuf", "rte_mempool", "rte_acl", "rte_fib"];
/// Moved out of rte_eal into a library of its own with DPDK 23.11; linked where libdpdk has it.
const LOG_LIBRARY: &str = "rte_log";

fn main() {
    println!("cargo:rerun-if-changed=shim");
    let found = pkg_config::Config::new()
        .atleast_version(DPDK_VERSION_MIN)
        .cargo_metadata(false)
        .print_system_cflags(false)
        .probe("libdpdk");
    let Ok(dpdk) = found else {
        // Cargo fails the build with this sentence and nothing around it.
        println!(
            "cargo::error=libdpdk {DPDK_VERSION_MIN} or newer, with its headers, was not found by pkg-config: \
             run `scripts/setup`, or `apt-get install libdpdk-dev`"
        );
        return;
    };
    let mut shim = cc::Build::new();
    shim.std("gnu11").define("_GNU_SOURCE", None).warnings(true).includes(&dpdk.include_paths);
    // The headers hold inline SIMD code for the instruction set libdpdk was built for. The pkg-config crate
    // keeps only -I, -D and -L, so the machine flags are asked for directly.
    for flag in machine_flags() {
        shim.flag(flag);
    }
    shim.files(SHIM.iter().map(|file| format!("shim/{file}"))).compile("holdfast_dpdk_shim");

    for path in &dpdk.link_paths {
        println!("cargo:rustc-link-search=native={}", path.display());
    }
    for library in LIBRARIES {
        println!("cargo:rustc-link-lib=dylib={library}");
    }
    if dpdk.libs.iter().any(|library| library == LOG_LIBRARY) {
        println!("cargo:rustc-link-lib=dylib={LOG_LIBRARY}");
    }
}

/// `-march=…` and its kin from libdpdk's cflags.
fn machine_flags() -> Vec<String> {
    let pkg_config = std::env::var("PKG_CONFIG").unwrap_or_else(|_| "pkg-config".into());
    let Ok(output) = Command::new(pkg_config).args(["--cflags-only-other", "libdpdk"]).output() else {
        return Vec::new();
    };
    String::from_utf8_lossy(&output.stdout)
        .split_whitespace()
        .filter(|flag| flag.starts_with("-m"))
        .map(String::from)
        .collect()
}
