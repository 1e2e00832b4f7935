#!/usr/bin/env bash
# The long versions of what CI runs a tenth of: a minute of fuzzing a target, a minute of lesson for the bots, more cases
# of every property, all benchmarks, and the checks whose tools take minutes to compile. An hour and more.
set -euo pipefail
cd "$(dirname "$0")/.."

failed=0
export TONGKE_LESSON_S=${TONGKE_LESSON_S:-60} TONGKE_LESSONS=${TONGKE_LESSONS:-2000}
export TONGKE_KILLS=${TONGKE_KILLS:-200} TONGKE_RECOVERED_LESSONS=${TONGKE_RECOVERED_LESSONS:-200}
export TONGKE_WHOLE_LESSONS=${TONGKE_WHOLE_LESSONS:-50} LESSON_MINUTES=${LESSON_MINUTES:-45}
FUZZ_SECONDS=${FUZZ_SECONDS:-60} STEP_LIMIT=7200 tests/run.sh || failed=1

command -v cargo-deny >/dev/null || cargo install --locked cargo-deny
# The advisories are a repository of their own on the internet; without it the other three are checked.
cargo deny check bans licenses sources || failed=1
cargo deny check advisories || echo "advisories were not checked, or there are some: see above"

mapfile -t benches < <(python3 -c 'import json; print(*json.load(open("tests/bench/figures.json")), sep="\n")')
for bench in "${benches[@]}"; do
    if [[ $bench == churn ]]; then
        # A leak shows after thousands of sessions: ten minutes have 12,000.
        BENCH_SECONDS=600 tests/bench.sh churn || failed=1
    elif [[ -e tests/browser/bench-$bench.mjs || -e tests/load/bench-$bench.sh ]]; then
        tests/bench.sh "$bench" || failed=1
    else
        echo "no tests/browser/bench-$bench.mjs or tests/load/bench-$bench.sh yet"
        failed=1
    fi
done
exit "$failed"
