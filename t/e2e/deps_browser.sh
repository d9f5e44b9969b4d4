#!/bin/sh
# Installs the browser and what puts the test's CA into its store.
set -eu

missing=
command -v chromium > /dev/null || missing="chromium"
command -v certutil > /dev/null || missing="$missing libnss3-tools"
if [ -z "$missing" ]; then
    exit 0
fi
if ! command -v apt-get > /dev/null; then
    echo "deps-browser: this is no Debian; install: $missing" >&2
    exit 1
fi
if [ "$(id -u)" != 0 ]; then
    echo "deps-browser: only root may install packages:" \
        "run 'sudo make deps-browser'" >&2
    exit 1
fi

echo "deps-browser: installing $missing"
export DEBIAN_FRONTEND=noninteractive
apt-get -qq update
exec apt-get -qq -o Dpkg::Use-Pty=0 install -y --no-install-recommends $missing
