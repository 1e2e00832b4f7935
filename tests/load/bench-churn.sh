#!/usr/bin/env bash
# Viewers come and go: memory must not grow with those who have gone.
set -euo pipefail
cd "$(dirname "$0")"

"$LOAD_BIN" --tongke "$TONGKE_BIN" --viewers 200 --churn 20 --seconds "$BENCH_SECONDS" |
    python3 samples.py rss_growth_kb=rss_growth lost=lost
