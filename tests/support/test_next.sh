#!/bin/sh
# Run the tests with the newest Django (requirements-next.txt), on SQLite, without browsers, in a separate environment.
# Needs Python 3.12 or newer: NEXT_PYTHON, or the first of the names below that works.
set -eu
cd "$(dirname "$0")/../.."
unset DATABASE_URL

# Run it, because a version manager's shim may exist and only print an error.
runs() {
    "$1" -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 12))' >/dev/null 2>&1
}

found=
for name in ${NEXT_PYTHON:-python3.14 python3.13 python3.12}; do
    if runs "$name"; then
        found=$name
        break
    fi
done
if [ -z "$found" ]; then
    echo "not run: no Python 3.12 or newer"
    [ "${REQUIRE_NEXT:-}" != 1 ]
    exit
fi

tests/support/make_venv.sh "$found" .venv-next requirements-next.txt
exec .venv-next/bin/python -m pytest -q -n 2 --dist loadfile -m "not prove and not browser" "$@"
