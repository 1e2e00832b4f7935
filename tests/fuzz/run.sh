#!/usr/bin/env bash
# Fuzzes every target for SECONDS each, two at a time, from a fixed seed and the tracked seeds; exits 1 on a finding, and
# prints the input that shows it. Usage: tests/fuzz/run.sh SECONDS [TARGET...]
set -euo pipefail
cd "$(dirname "$0")"

seconds=${1:?usage: run.sh SECONDS [TARGET...]}
shift
targets=("$@")
if ((${#targets[@]} == 0)); then
    for file in targets/*.rs; do targets+=("$(basename "$file" .rs)"); done
fi

# What `cargo fuzz --sanitizer none` would pass: libFuzzer's coverage, and checks for overflow. With --target the flags
# leave build scripts and macros alone.
host=$(rustc -vV | sed -n 's/^host: //p')
flags="--cfg fuzzing -Cdebug-assertions -Coverflow-checks -Ccodegen-units=1 -Cpasses=sancov-module"
flags+=" -Cllvm-args=-sanitizer-coverage-level=4 -Cllvm-args=-sanitizer-coverage-inline-8bit-counters"
flags+=" -Cllvm-args=-sanitizer-coverage-pc-table -Cllvm-args=-sanitizer-coverage-trace-compares"
# What is fuzzed is what is shipped: the versions in the workspace's lock file.
cp ../../Cargo.lock Cargo.lock
RUSTFLAGS=$flags CARGO_TARGET_DIR=${CARGO_TARGET_DIR:-../../target}/fuzz \
    cargo build --target "$host"
binaries=${CARGO_TARGET_DIR:-../../target}/fuzz/$host/debug

# Runs one target; its log and what it finds stay in artifacts/.
fuzz() {
    local target=$1
    mkdir -p "corpus/$target" "artifacts/$target"
    if "$binaries/$target" -max_total_time="$seconds" -seed=1 -max_len=4096 -timeout=10 -rss_limit_mb=2048 \
        -print_final_stats=1 -artifact_prefix="artifacts/$target/" "corpus/$target" "seeds/$target" \
        >"artifacts/$target.log" 2>&1; then
        echo "ok $target $(sed -n 's/^stat::number_of_executed_units: *//p' "artifacts/$target.log") inputs"
    else
        echo "not ok $target"
        grep -vE '^#|NEW_|REDUCE' "artifacts/$target.log" | tail -40
        return 1
    fi
}

failed=0
running=0
for target in "${targets[@]}"; do
    if ((running == 2)); then
        wait -n || failed=1
        running=1
    fi
    fuzz "$target" &
    running=$((running + 1))
done
for ((; running > 0; running--)); do wait -n || failed=1; done
exit "$failed"
