#!/usr/bin/env bash
# A lesson with a thousand viewers: nobody loses a packet, and none comes late.
set -euo pipefail
cd "$(dirname "$0")"

"$LOAD_BIN" --tongke "$TONGKE_BIN" --viewers 1000 --seconds "$BENCH_SECONDS" |
    python3 samples.py lost=lost voice_p99_ms=latency.voice.p99 video_p50_ms=latency.video.p50 \
        video_p99_ms=latency.video.p99 cores=cores behind_ms=generator_behind
