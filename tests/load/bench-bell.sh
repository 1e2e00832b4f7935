#!/usr/bin/env bash
# The doors of 500 lessons open, and 2,500 people and devices come to the bell.
set -euo pipefail
cd "$(dirname "$0")"

# No compiled modules are left in the tree.
exec python3 -B bell.py "$TONGKE_BIN"
