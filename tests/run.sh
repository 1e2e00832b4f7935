#!/usr/bin/env bash
# The one test command. Installs what is missing, runs every part even when one before it failed, and ends with the line
# `N passed, N failed`. Usage: tests/run.sh [rust|web|browser|fuzz]... (all without arguments)
set -euo pipefail
cd "$(dirname "$0")/.."
source tests/packages.sh

# How long each target is fuzzed. tests/long.sh takes minutes.
FUZZ_SECONDS=${FUZZ_SECONDS:-6}
# A step that takes longer than this hangs.
STEP_LIMIT=${STEP_LIMIT:-1800}

out=$PWD/tests/out
mkdir -p "$out"
passed=0
failed=0
timings=()
failures=()

# step NAME COMMAND... : runs it, shows what it says, keeps that in tests/out/NAME.log. Counts nothing.
step() {
    local name=$1 began=$SECONDS status=0
    shift
    echo "== $name"
    timeout --kill-after=10 "$STEP_LIMIT" "$@" </dev/null >"$out/$name.log" 2>&1 || status=$?
    if ((status == 0)) && [[ -z ${CI:-} ]]; then tail -n 3 "$out/$name.log"; else cat "$out/$name.log"; fi
    timings+=("$(printf '%5d s  %s' $((SECONDS - began)) "$name")")
    return "$status"
}

# count NAME PASSED FAILED
count() {
    passed=$((passed + $2))
    failed=$((failed + $3))
    if (($3 > 0)); then failures+=("$1: $3 failed"); fi
}

# check NAME COMMAND... : a step that is one test.
check() {
    if step "$@"; then count "$1" 1 0; else count "$1" 0 1; fi
}

# tested NAME STATUS PASSED FAILED : a step that ran many tests. One that failed without a failed test did not run them.
tested() {
    local failed_tests=${4:-0}
    if (($2 != 0 && failed_tests == 0)); then failed_tests=1; fi
    count "$1" "${3:-0}" "$failed_tests"
}

# sum PATTERN FILE : adds up the numbers that the pattern's group finds.
sum() { sed -nE "s/$1/\1/p" "$2" | awk '{ n += $1 } END { print n + 0 }'; }

# No browser is downloaded: the tests drive Debian's.
export PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD=1 PUPPETEER_SKIP_DOWNLOAD=1

web() {
    check web-install npm --prefix web-client ci --no-audit --no-fund
    # What build.rs would do again without these stamps.
    touch web-client/node_modules/.installed
    check web-build npm --prefix web-client run build
    touch web-client/dist/.built
    check web-check npm --prefix web-client run check
    local status=0
    step web-test npm --prefix web-client test -- --reporter=default --reporter=json --outputFile.json="$out/web-test.json" ||
        status=$?
    tested web-test "$status" "$(json_number web-test numPassedTests)" "$(json_number web-test numFailedTests)"
}

json_number() { grep -oE "\"$2\":[0-9]+" "$out/$1.json" 2>/dev/null | head -n 1 | grep -oE '[0-9]+$' || echo 0; }

rust() {
    check fmt cargo fmt --all --check
    check bench-figures python3 tests/bench/figures.py --self-test
    check licences python3 tests/licences.py
    check clippy cargo test --workspace --locked --no-run
    local status=0
    step cargo-test cargo test --workspace --locked --no-fail-fast || status=$?
    tested cargo-test "$status" "$(sum '^test result: .* ([0-9]+) passed.*' "$out/cargo-test.log")" \
        "$(sum '^test result: .* ([0-9]+) failed.*' "$out/cargo-test.log")"
    # The program that cargo-test has built.
    check store env PYTHONPATH="$out/store" python3 tests/store.py "${CARGO_TARGET_DIR:-target}/debug/tongke"
    if command -v cargo-deny >/dev/null; then check deny cargo deny check bans licenses sources; fi
}

browser() {
    local status=0
    check browser-install npm --prefix tests/browser ci --no-audit --no-fund
    # The very build that the Rust tests run, with the same features of every crate: nothing is compiled twice.
    check build cargo test --workspace --locked --no-run
    step browser-test npm --prefix tests/browser test || status=$?
    tested browser-test "$status" "$(sum '^# pass ([0-9]+)$' "$out/browser-test.log")" \
        "$(sum '^# fail ([0-9]+)$' "$out/browser-test.log")"
}

fuzz() {
    local status=0
    # Built once more as it is, for its own flags: with nothing to lint.
    step fuzz env --unset=RUSTC_WORKSPACE_WRAPPER --unset=CLIPPY_ARGS tests/fuzz/run.sh "$FUZZ_SECONDS" || status=$?
    tested fuzz "$status" "$(grep -c '^ok ' "$out/fuzz.log")" "$(grep -c '^not ok ' "$out/fuzz.log")"
}

# Lets clippy compile what the tests run. `cargo clippy` would have it check every dependency once more, which takes minutes;
# this is what that command sets, too.
lint_builds() {
    RUSTC_WORKSPACE_WRAPPER=$(rustc --print sysroot)/bin/clippy-driver
    CLIPPY_ARGS=-D__CLIPPY_HACKERY__warnings__CLIPPY_HACKERY__
    export RUSTC_WORKSPACE_WRAPPER CLIPPY_ARGS
}

install() {
    need_toolchains
    lint_builds
    need git=git cc=gcc c++=g++ make=make cmake=cmake python3=python3 pip3=python3-pip
    if [[ " $* " == *" rust "* ]]; then
        need ffmpeg=ffmpeg
        # An S3 server that others wrote. Kept beside the tests, and apart, for it brings much with it.
        PYTHONPATH=$out/store python3 -c 'import boto3, flask_cors, moto.server' 2>/dev/null ||
            python3 -m pip install --quiet --disable-pip-version-check --upgrade --target "$out/store" 'moto[server]'
    fi
    if [[ " $* " == *" browser "* ]]; then
        need chromium=chromium firefox-esr=firefox-esr ffmpeg=ffmpeg ip=iproute2 \
            -=fonts-dejavu-core -=fonts-noto-cjk
        # Debian's ffmpeg speaks no WHIP; this one does. Kept beside the tests, not in the system.
        export PYTHONPATH=$out/python${PYTHONPATH:+:$PYTHONPATH}
        python3 -c 'import imageio_ffmpeg' 2>/dev/null ||
            python3 -m pip install --quiet --disable-pip-version-check --target "$out/python" imageio-ffmpeg
        TONGKE_FFMPEG=$(python3 -c 'import imageio_ffmpeg; print(imageio_ffmpeg.get_ffmpeg_exe())')
        export TONGKE_FFMPEG
    fi
}

parts=("$@")
if ((${#parts[@]} == 0)); then parts=(web rust browser fuzz); fi
install "${parts[@]}"
for part in "${parts[@]}"; do
    case $part in
        rust | web | browser | fuzz) "$part" ;;
        *)
            echo "tests/run.sh: no part named $part: rust, web, browser or fuzz" >&2
            exit 2
            ;;
    esac
done

echo "== where the time went"
printf '%s\n' "${timings[@]}"
if ((failed > 0)); then printf 'FAILED %s\n' "${failures[@]}"; fi
echo "$passed passed, $failed failed"
((failed == 0))
