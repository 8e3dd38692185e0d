#!/bin/sh
# Install Debian packages as root, or print how to: install_packages.sh "To run every test" chromium ...
set -eu

why=$1
shift
[ $# -gt 0 ] || exit 0
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
    echo "Installing $*"
    apt-get update -qq
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@" >/dev/null
else
    echo "Not installed: $*. $why: sudo apt-get install $*"
fi
