#!/bin/sh
# Bring what the bench needs beside Python: wrk, nginx and PostgreSQL, where apt can install them.
# Without them, the parts that need them are not measured and say so.
set -eu

missing=""
command -v wrk >/dev/null 2>&1 || missing="$missing wrk"
command -v nginx >/dev/null 2>&1 || missing="$missing nginx-light"
ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 || command -v initdb >/dev/null 2>&1 || missing="$missing postgresql"

# shellcheck disable=SC2086  # Two words are two packages.
tests/install_packages.sh "To measure everything" $missing
