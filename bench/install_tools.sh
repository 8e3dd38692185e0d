#!/bin/sh
# Install the benchmark's tools other than Python (wrk, nginx and PostgreSQL) with apt.
# Without them, the parts that need them report "not measured".
set -eu

missing=""
command -v wrk >/dev/null 2>&1 || missing="$missing wrk"
command -v nginx >/dev/null 2>&1 || missing="$missing nginx-light"
ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 || command -v initdb >/dev/null 2>&1 || missing="$missing postgresql"

# shellcheck disable=SC2086  # Word splitting is intended.
tests/support/install_packages.sh "To measure everything" $missing
