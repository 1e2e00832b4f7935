#!/usr/bin/env bash
# Server CPU for each forwarded packet: two sizes of lesson, both SRTP profiles, packets counted and packets read,
# with a publisher that sends two packets every 5 ms, and the floor: a bare sender of the same datagrams. The
# rounds go round all of them, so that a slow minute of the machine is not one figure's alone.
set -euo pipefail
cd "$(dirname "$0")"

window=$((BENCH_SECONDS / 10))
for ((round = 0; round < ${BENCH_ROUNDS:-5}; round++)); do
    for viewers in 200 1000; do
        "$LOAD_BIN" --floor --viewers "$viewers" --seconds "$window" |
            python3 samples.py "us_floor_$viewers=us_per_packet"
        for profile in gcm cm; do
            for mode in count full; do
                "$LOAD_BIN" --tongke "$TONGKE_BIN" --viewers "$viewers" --profile "$profile" --mode "$mode" \
                    --seconds "$window" | python3 samples.py "us_${profile}_${mode}_$viewers=us_per_packet"
            done
        done
        "$LOAD_BIN" --tongke "$TONGKE_BIN" --viewers "$viewers" --burst pair --seconds "$window" |
            python3 samples.py "us_pair_$viewers=us_per_packet"
    done
done
