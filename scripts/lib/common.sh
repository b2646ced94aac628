# Sourced by the scripts: the repository's root, messages, and hugepages that are given back.
# shellcheck shell=bash

ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
readonly ROOT
readonly HUGEPAGES_FILE=/sys/kernel/mm/hugepages/hugepages-2048kB/nr_hugepages
readonly HUGETLBFS=/dev/hugepages

# A root shell without a login profile misses the place where rustup puts cargo.
if ! command -v cargo >/dev/null 2>&1 && [ -x "${HOME:-/root}/.cargo/bin/cargo" ]; then
    PATH="${HOME:-/root}/.cargo/bin:$PATH"
fi

step() { printf '\n==> %s\n' "$*"; }
die() { printf '%s: %s\n' "$(basename "$0")" "$*" >&2; exit 1; }

# Where cargo puts what it builds.
target_dir() { printf '%s' "${CARGO_TARGET_DIR:-$ROOT/target}"; }

# Namespaces and DPDK want root. The whole script starts again under sudo, with the caller's cargo.
become_root() {
    if [ "$(id -u)" -eq 0 ]; then
        return
    fi
    command -v sudo >/dev/null 2>&1 || die "needs root, and there is no sudo"
    exec sudo --preserve-env=PATH,HOME,CARGO_HOME,RUSTUP_HOME,CARGO_TARGET_DIR "$0" "$@"
}

hugepages_before=""
hugetlbfs_mounted=""

# Reserves $1 hugepages of 2 MiB beyond those in use, and mounts hugetlbfs when nothing has.
reserve_hugepages() {
    local wanted=$1 have
    [ -w "$HUGEPAGES_FILE" ] || die "this kernel has no 2 MiB hugepages to reserve"
    hugepages_before=$(<"$HUGEPAGES_FILE")
    printf '%s\n' "$((hugepages_before + wanted))" >"$HUGEPAGES_FILE"
    have=$(<"$HUGEPAGES_FILE")
    if [ "$have" -lt "$((hugepages_before + wanted))" ]; then
        release_hugepages
        die "the kernel found only $((have - hugepages_before)) of $wanted hugepages of 2 MiB"
    fi
    if ! grep -q ' hugetlbfs ' /proc/mounts; then
        mkdir -p "$HUGETLBFS"
        mount -t hugetlbfs nodev "$HUGETLBFS"
        hugetlbfs_mounted=yes
    fi
}

# Gives back what reserve_hugepages took; does nothing when it took nothing. Meant for a trap.
release_hugepages() {
    if [ -n "$hugetlbfs_mounted" ]; then
        umount "$HUGETLBFS" || printf 'hugetlbfs stays mounted on %s\n' "$HUGETLBFS" >&2
        hugetlbfs_mounted=""
    fi
    if [ -n "$hugepages_before" ]; then
        printf '%s\n' "$hugepages_before" >"$HUGEPAGES_FILE"
        hugepages_before=""
    fi
}
