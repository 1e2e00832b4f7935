#!/usr/bin/env bash
# The demo, from a fresh machine: installs what building needs, builds server and web pages, and runs a made-up county
# with a lesson going on. Arguments go to `tongke demo` (try --help).
set -euo pipefail
cd "$(dirname "$0")"
source tests/packages.sh

need_toolchains
need cc=gcc c++=g++ make=make cmake=cmake
# With an ffmpeg there are pictures on the time bar of replays, and 精品课.
ffmpeg=$(command -v ffmpeg || true)
exec cargo run --release -- demo ${ffmpeg:+--ffmpeg "$ffmpeg"} "$@"
