#!/bin/sh
# The tests drive the system's Chromium, seal with a security module in software and count in a Redis: install them when
# allowed to, else say the one line to run.
set -eu
test -x /usr/bin/chromium && command -v softhsm2-util >/dev/null 2>&1 && command -v redis-server >/dev/null 2>&1 && exit 0
line="apt-get update && apt-get install --yes --no-install-recommends chromium poppler-utils softhsm2 redis-server"
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
  echo "Installing Chromium, SoftHSM and Redis, which the tests drive."
  export DEBIAN_FRONTEND=noninteractive
  sh -c "$line" >/dev/null
else
  echo "The tests need Chromium, SoftHSM and Redis. Run this once, then try again:"
  echo "  sudo sh -c '$line'"
  exit 1
fi
