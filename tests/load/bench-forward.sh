#!/usr/bin/env bash
# Server CPU for each forwarded packet: two sizes of lesson, both SRTP profiles, packets counted and packets read and reported
# on, with a publisher that sends two packets every 5 ms, and the floor: a bare sender of the same datagrams. The rounds go
# round all of them, so that a slow minute of the machine is not one figure's alone; what lines that are estimated cost is told
# over the floor of the same round too, for what a send costs is the machine's.
set -euo pipefail
cd "$(dirname "$0")"

window=$((BENCH_SECONDS / 10))
# Lines that are estimated are known to carry enough once they have been tried: a lesson is longer than that.
declare -A warmup=([count]=2 [full]=25)
# A run that says nothing does not keep the others from being made.
failed=0
over_floor() {
    python3 -c '
import json, sys
floor, full = (json.loads(report)["us_per_packet"] for report in sys.argv[2:])
print(json.dumps({"name": sys.argv[1], "value": full / floor}))' "$@"
}
for ((round = 0; round < ${BENCH_ROUNDS:-5}; round++)); do
    for viewers in 200 1000; do
        floor=$("$LOAD_BIN" --floor --viewers "$viewers" --seconds "$window")
        python3 samples.py "us_floor_$viewers=us_per_packet" <<<"$floor" || failed=1
        for profile in gcm cm; do
            for mode in count full; do
                report=$("$LOAD_BIN" --tongke "$TONGKE_BIN" --viewers "$viewers" --profile "$profile" --mode "$mode" \
                    --seconds "$window" --warmup "${warmup[$mode]}") || { failed=1 && continue; }
                python3 samples.py "us_${profile}_${mode}_$viewers=us_per_packet" <<<"$report" || { failed=1 && continue; }
                if [[ $profile-$mode == gcm-full ]]; then over_floor "over_floor_$viewers" "$floor" "$report"; fi
            done
        done
        "$LOAD_BIN" --tongke "$TONGKE_BIN" --viewers "$viewers" --burst pair --seconds "$window" |
            python3 samples.py "us_pair_$viewers=us_per_packet" || failed=1
    done
done
exit "$failed"
