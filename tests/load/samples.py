"""Turns reports of the load generator into samples for tests/bench.sh.

Usage: samples.py NAME=KEY... < reports. A KEY such as latency.voice.p99 finds a number in the report; `*100` behind it
multiplies; `rss_growth` is worked out of the memory samples. Exits 1 if a report has no such number, or if the generator's
own kernel lost datagrams: then it says nothing of the server.
"""

import json
import statistics
import sys


def number(report: dict, key: str) -> float | None:
    if key == "rss_growth":
        samples = report["rss_samples_kb"]
        third = len(samples) // 3
        return statistics.median(samples[-third:]) - statistics.median(samples[third:-third]) if third else None
    path, _, factor = key.partition("*")
    value = report
    for part in path.split("."):
        value = value[part] if value is not None else None
    return value if value is None else value * float(factor or 1)


def main() -> int:
    ok = True
    for line in sys.stdin:
        report = json.loads(line)
        print(line.strip(), file=sys.stderr)
        faults = [report.get("rxq_overflow", 0), report.get("starved", 0), *report.get("broken", {}).values()]
        if any(count > 0 for count in faults):
            print("this run is not valid: see rxq_overflow, starved and broken", file=sys.stderr)
            ok = False
            continue
        for wanted in sys.argv[1:]:
            name, _, key = wanted.partition("=")
            value = number(report, key)
            if value is None:
                print(f"the report has no {key}", file=sys.stderr)
                ok = False
            else:
                print(json.dumps({"name": name, "value": value}), flush=True)
    return 0 if ok else 1


sys.exit(main())
