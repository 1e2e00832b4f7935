#!/usr/bin/env bash
# A thousand viewers join as fast as 32 at a time can, while a hundred watch.
set -euo pipefail
cd "$(dirname "$0")"

for ((round = 0; round < ${BENCH_ROUNDS:-3}; round++)); do
    "$LOAD_BIN" --tongke "$TONGKE_BIN" --viewers 1100 --first 100 --seconds 5 |
        python3 samples.py wall_s=joins.wall_s cpu_ms=joins.cpu_ms own_cpu_ms=joins.own_cpu_ms lost=lost \
            rss_per_viewer_kb=rss_per_viewer_kb
done
