#!/usr/bin/env bash
# Measures: runs tests/browser/bench-NAME.mjs or tests/load/bench-NAME.sh against a release build, computes the figures of
# tests/bench/figures.json from its raw samples, writes them into docs/benchmarks.md, and exits 1 if one misses its limit.
# Usage: tests/bench.sh NAME...
#
# A benchmark prints its samples on standard output, one a line, {"name": NAME, "value": NUMBER}, and all else on
# standard error. It finds the program in TONGKE_BIN, the load generator in LOAD_BIN, the relay that makes a line weak in
# TONGKE_IMPAIR, and how long to go on in BENCH_SECONDS.
set -euo pipefail
cd "$(dirname "$0")/.."
source tests/packages.sh

if (($# == 0)); then
    echo "usage: tests/bench.sh NAME..., one of: $(python3 -c 'import json; print(*json.load(open("tests/bench/figures.json")))')" >&2
    exit 2
fi
need_toolchains
need cc=gcc c++=g++ make=make cmake=cmake
if [[ -z ${TONGKE_BIN:-} ]]; then
    cargo build --release --locked
    TONGKE_BIN=$PWD/target/release/tongke
fi
export TONGKE_BIN BENCH_SECONDS=${BENCH_SECONDS:-60}

# What only some benchmarks need is there once one of them is asked for.
need_browser() {
    need chromium=chromium -=fonts-noto-cjk
    if [[ ! -d tests/browser/node_modules ]]; then
        PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD=1 npm --prefix tests/browser ci --no-audit --no-fund
    fi
}
need_load() {
    if [[ -z ${LOAD_BIN:-} ]]; then
        cargo build --release --locked -p load
        LOAD_BIN=$PWD/target/release/load
    fi
    export LOAD_BIN
}
need_relay() {
    if [[ -z ${TONGKE_IMPAIR:-} ]]; then
        cargo build --release --locked -p sim --bin impair
        TONGKE_IMPAIR=$PWD/target/release/impair
    fi
    export TONGKE_IMPAIR
}

mkdir -p tests/out
missed=0
for name in "$@"; do
    samples=tests/out/bench-$name.jsonl
    # What was measured before a script broke is still told, but the figures it did not reach are missed.
    if [[ -e tests/load/bench-$name.sh ]]; then
        need_load
        run=("tests/load/bench-$name.sh")
    else
        need_browser
        if [[ $name == weak ]]; then need_relay; fi
        run=(node "tests/browser/bench-$name.mjs")
    fi
    timeout --kill-after=10 900 "${run[@]}" >"$samples" </dev/null || missed=1
    python3 tests/bench/figures.py "$name" <"$samples" || missed=1
done
exit "$missed"
