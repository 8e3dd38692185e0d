#!/bin/sh
# Bring what the bench needs beside Python: wrk, nginx and PostgreSQL, where apt can install them.
# Without them, the parts that need them are not measured and say so.
set -eu

missing=""
command -v wrk >/dev/null 2>&1 || missing="$missing wrk"
command -v nginx >/dev/null 2>&1 || missing="$missing nginx-light"
ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 || command -v initdb >/dev/null 2>&1 || missing="$missing postgresql"

if [ -n "$missing" ]; then
    if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
        echo "Installing$missing"
        apt-get update -qq
        # shellcheck disable=SC2086  # Two words are two packages.
        DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing >/dev/null
    else
        echo "Not installed:$missing. To measure everything: sudo apt-get install$missing"
    fi
fi
