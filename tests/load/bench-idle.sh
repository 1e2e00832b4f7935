#!/usr/bin/env bash
# A hundred viewers of a lesson in which nobody publishes cost next to nothing.
set -euo pipefail
cd "$(dirname "$0")"

"$LOAD_BIN" --tongke "$TONGKE_BIN" --viewers 100 --silent --seconds $((BENCH_SECONDS / 3)) |
    python3 samples.py "core_percent=cores*100"
