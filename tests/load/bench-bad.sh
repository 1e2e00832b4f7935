#!/usr/bin/env bash
# Viewers that misbehave must not be felt by the others.
set -euo pipefail
cd "$(dirname "$0")"

for fault in reader nack rtcp; do
    "$LOAD_BIN" --tongke "$TONGKE_BIN" --viewers 200 --bad "$fault" --seconds $((BENCH_SECONDS / 6)) |
        python3 samples.py "lost_beside_$fault=lost" voice_p99_ms=latency.voice.p99
done
