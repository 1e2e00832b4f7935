#!/usr/bin/env bash
# The term of a whole county: imported, looked at, edited, reported on.
set -euo pipefail
cd "$(dirname "$0")"

exec python3 county.py "$TONGKE_BIN"
