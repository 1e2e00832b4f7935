# Sourced, not run: installs what a Debian machine lacks, or says in one line how to.
# shellcheck shell=bash

# dpkg also knows packages by name that others mention and nobody installed.
is_installed() { [[ $(dpkg-query --show --showformat='${db:Status-Status}' "$1" 2>/dev/null) == installed ]]; }

# need COMMAND=PACKAGE... : a package is missing when neither its command nor the package itself is there.
need() {
    local pair missing=()
    for pair in "$@"; do
        command -v "${pair%%=*}" >/dev/null || is_installed "${pair#*=}" || missing+=("${pair#*=}")
    done
    if ((${#missing[@]} == 0)); then return; fi
    if [[ $(id -u) != 0 ]] || ! command -v apt-get >/dev/null; then
        echo "missing: ${missing[*]}. Run: sudo apt-get install -y --no-install-recommends ${missing[*]}" >&2
        exit 2
    fi
    echo "installing ${missing[*]}"
    apt-get update -qq
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" </dev/null >/dev/null
}

# Rust and Node are not taken from Debian, whose versions are too old.
need_toolchains() {
    command -v cargo >/dev/null || { echo "missing: Rust 1.95 or newer (see rustup)" >&2; exit 2; }
    command -v npm >/dev/null || { echo "missing: Node.js 20.19 or newer with npm" >&2; exit 2; }
}
