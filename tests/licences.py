"""Checks the crates in the lock file against deny.toml: only licences it allows, only from the registry.

cargo-deny does this and more, and takes minutes to compile: tests/long.sh runs it. This takes a second and runs always.
"""

import json
import re
import subprocess
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def permitted(expression: str, allowed: set[str]) -> bool:
    """Evaluates an SPDX expression; the old `A/B` means `A OR B`."""
    tokens = re.findall(r"\(|\)|[^\s()]+", expression.replace("/", " OR "))
    words = []
    for i, token in enumerate(tokens):
        if token in ("(", ")"):
            words.append(token)
        elif token in ("AND", "OR"):
            words.append(token.lower())
        elif token == "WITH" or (i > 0 and tokens[i - 1] == "WITH"):
            continue
        else:
            exception = f" WITH {tokens[i + 2]}" if tokens[i + 1 : i + 2] == ["WITH"] else ""
            words.append(str(token + exception in allowed or token in allowed))
    # Only True, False, and, or and parentheses are left.
    return bool(eval(" ".join(words), {"__builtins__": {}}))


def self_test() -> None:
    allowed = {"MIT", "Apache-2.0"}
    assert permitted("MIT OR GPL-3.0", allowed) and permitted("GPL-3.0/MIT", allowed)
    assert not permitted("MIT AND GPL-3.0", allowed)
    assert permitted("(MIT OR X) AND Apache-2.0 WITH LLVM-exception", allowed)


def main() -> int:
    self_test()
    deny = tomllib.loads((ROOT / "deny.toml").read_text())
    allowed = set(deny["licenses"]["allow"])
    exceptions = {entry["crate"]: set(entry["allow"]) for entry in deny["licenses"].get("exceptions", [])}
    command = ["cargo", "metadata", "--locked", "--format-version", "1", "--filter-platform", deny["graph"]["targets"][0]]
    packages = json.loads(subprocess.run(command, cwd=ROOT, check=True, capture_output=True).stdout)["packages"]
    bad = []
    for package in packages:
        name, source = package["name"], package["source"]
        if source is not None and not source.startswith("registry+"):
            bad.append(f"{name} comes from {source}, not from the registry")
        if not permitted(package["license"] or "none", allowed | exceptions.get(name, set())):
            bad.append(f"{name} is under {package['license']}")
    print(f"{len(packages)} crates, {len(bad)} not permitted", *bad, sep="\n")
    return 1 if bad else 0


sys.exit(main())
