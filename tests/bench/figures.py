"""Computes the figures of one benchmark from its raw samples, and writes them into docs/benchmarks.md.

Samples are lines of JSON on standard input, one a line: {"name": NAME, "value": NUMBER}; other keys are free. figures.json
beside this file says which statistic of which samples is told, and which limit it must keep, if any. Exits 1 if one does
not, or has no samples. Usage: figures.py BENCH < samples,
or figures.py --self-test
"""

import json
import math
import os
import platform
import re
import statistics
import subprocess
import sys
from datetime import datetime, timezone
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
PAGE = ROOT / "docs" / "benchmarks.md"
HEAD = """# Benchmarks

The tables are written by `tests/bench.sh NAME` from raw samples: none of their figures is typed by hand. Each section is of
its own run.
"""


MISSED = "**missed**"


def nearest_rank(values: list[float], percent: int) -> float:
    """The smallest sample that at least `percent` of all samples do not exceed."""
    ordered = sorted(values)
    return ordered[max(0, math.ceil(len(ordered) * percent / 100) - 1)]


STATISTICS = {
    "max": max,
    "min": min,
    "median": statistics.median,
    "mean": statistics.fmean,
    "p95": lambda values: nearest_rank(values, 95),
    "p99": lambda values: nearest_rank(values, 99),
}


def judge(figure: dict, samples: list[float]) -> tuple[str, str, str]:
    """What was measured, what was wanted, and whether it is kept: "" where nothing is wanted."""
    unit = figure["unit"]
    measured = STATISTICS[figure["statistic"]](samples) if samples else None
    told = "–" if measured is None else f"{measured:.4g} {unit}".strip()
    for key, sign, holds in (("at_most", "≤", lambda a, b: a <= b), ("at_least", "≥", lambda a, b: a >= b)):
        if key in figure:
            kept = measured is not None and holds(measured, figure[key])
            return told, f"{sign} {figure[key]} {unit}".strip(), "kept" if kept else MISSED
    return told, "", MISSED if measured is None else ""


def said(command: list[str]) -> str:
    return subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout.strip()


def machine() -> str:
    model = re.search(r"^model name\s*:\s*(.+)$", Path("/proc/cpuinfo").read_text(), re.MULTILINE)
    memory_gib = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    cpu = model.group(1) if model else platform.machine()
    return f"{len(os.sched_getaffinity(0))} cores of {cpu}, {memory_gib:.0f} GiB, Linux {platform.release()}"


def section(bench: str, table: dict, samples: dict[str, list[float]]) -> tuple[str, bool]:
    rows, kept_all = [], True
    for figure in table["figures"]:
        values = samples.get(figure["name"], [])
        measured, wanted, verdict = judge(figure, values)
        kept_all &= verdict != MISSED
        rows.append(f"| {figure['says']} | {figure['statistic']} | {measured} | {wanted} | {len(values)} | {verdict} |")
    changed = " and local changes" if said(["git", "status", "--porcelain", "--", ".", ":!docs/benchmarks.md"]) else ""
    commit = said(["git", "rev-parse", "--short=12", "HEAD"])
    day = datetime.now(timezone.utc).strftime("%Y-%m-%d")
    head = "| figure | statistic | measured | wanted | samples | |\n|---|---|---|---|---|---|"
    origin = f"Commit {commit}{changed}, {day}, {machine()}."
    return f"## {bench}: {table['title']}\n\n{head}\n" + "\n".join(rows) + f"\n\n{origin}\n", kept_all


def put(page: str, bench: str, text: str) -> str:
    """The page with this section in place of the one of the same benchmark."""
    parts = re.split(r"(?m)^(?=## )", page or HEAD)
    others = [part.strip() + "\n" for part in parts[1:] if not part.startswith(f"## {bench}:")]
    return "\n".join([parts[0].strip() + "\n", *sorted([*others, text])])


def self_test() -> None:
    values = [float(value) for value in range(1, 101)]
    assert (nearest_rank(values, 95), nearest_rank([7.0], 95)) == (95, 7)
    limit = {"unit": "ms", "statistic": "median", "at_most": 50}
    assert judge(limit, values) == ("50.5 ms", "≤ 50 ms", MISSED)
    assert judge(limit, [])[2] == MISSED
    assert judge({"unit": "fps", "statistic": "min", "at_least": 14}, [14, 15])[2] == "kept"
    assert judge({"unit": "ms", "statistic": "p95"}, values) == ("95 ms", "", "")
    page = put(put("", "b", "## b: x\n\n1\n"), "a", "## a: y\n\n2\n")
    assert put(page, "b", "## b: x\n\n3\n").count("## ") == 2 and page.index("## a") < page.index("## b")


def main() -> int:
    self_test()
    bench = sys.argv[1]
    if bench == "--self-test":
        return 0
    table = json.loads(Path(__file__).with_name("figures.json").read_text()).get(bench)
    if table is None:
        print(f"figures.json has no benchmark {bench}", file=sys.stderr)
        return 2
    samples: dict[str, list[float]] = {}
    for line in sys.stdin:
        sample = json.loads(line)
        samples.setdefault(sample["name"], []).append(sample["value"])
    unknown = samples.keys() - {figure["name"] for figure in table["figures"]}
    text, kept = section(bench, table, samples)
    print(text, *(f"no figure is made of the samples of {name}" for name in sorted(unknown)), sep="\n")
    PAGE.write_text(put(PAGE.read_text() if PAGE.exists() else "", bench, text))
    return 0 if kept else 1


sys.exit(main())
