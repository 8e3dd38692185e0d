#!/bin/sh
# Install the tests' tools other than Python: with apt, Chromium, a font with the metrics of Arial, a library for
# Playwright, PostgreSQL and nginx; from npm, the W3C's Nu HTML checker (a Java program), verified by checksum.
# Without them, the tests that need them are skipped (with CI=true they fail).
set -eu

nu_version=26.9.27
nu_checksum=22f15dd39a33bed929d2a5c0cddf5946849a647eca9272bf4d5d00bc7e7a4d47
nu_jar=".venv/share/vnu-$nu_version.jar"

missing=""
command -v chromium >/dev/null 2>&1 || missing="$missing chromium"
# Playwright's Node.js needs it, and minimal Debian images lack it.
[ -n "$(find /usr/lib /usr/lib64 -maxdepth 2 -name libatomic.so.1 2>/dev/null)" ] || missing="$missing libatomic1"
# Debian's Chromium only recommends fonts; the fallback fonts have the metrics of Liberation Sans, Arial or Helvetica.
fc-list 2>/dev/null | grep -qE "Liberation Sans|Arial|Helvetica" || missing="$missing fonts-liberation"
ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 || command -v initdb >/dev/null 2>&1 || missing="$missing postgresql"
command -v nginx >/dev/null 2>&1 || missing="$missing nginx-light"
command -v java >/dev/null 2>&1 || missing="$missing default-jre-headless"
[ -f "$nu_jar" ] || command -v npm >/dev/null 2>&1 || missing="$missing npm"

# shellcheck disable=SC2086  # Word splitting is intended.
tests/support/install_packages.sh "To run every test" $missing

if [ ! -f "$nu_jar" ] && command -v npm >/dev/null 2>&1; then
    echo "Fetching the Nu HTML checker $nu_version"
    folder=$(mktemp -d)
    trap 'rm -rf "$folder"' EXIT
    # Packed, not installed: no script of the package runs.
    if npm pack --silent --pack-destination "$folder" "vnu-jar@$nu_version" >/dev/null; then
        tar -xzf "$folder/vnu-jar-$nu_version.tgz" -C "$folder"
        echo "$nu_checksum  $folder/package/build/dist/vnu.jar" | sha256sum --check --quiet
        mkdir -p "$(dirname "$nu_jar")"
        mv "$folder/package/build/dist/vnu.jar" "$nu_jar"
    else
        echo "The Nu HTML checker could not be fetched: its tests are skipped."
    fi
fi
