#!/bin/sh
# Install what the proofs of operations need besides the other tests' tools: a balancer, a pooler, encryption.
# Without them, the tests that need them are skipped (with CI=true they fail).
set -eu

missing=""
command -v haproxy >/dev/null 2>&1 || missing="$missing haproxy"
command -v pgbouncer >/dev/null 2>&1 || missing="$missing pgbouncer"
command -v age >/dev/null 2>&1 || missing="$missing age"
# systemd-analyze checks the units of deploy/systemd/.
command -v systemd-analyze >/dev/null 2>&1 || missing="$missing systemd"

# shellcheck disable=SC2086  # Word splitting is intended.
tests/support/install_packages.sh "To run every proof of operations" $missing
