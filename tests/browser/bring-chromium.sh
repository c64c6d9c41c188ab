#!/bin/sh
# The tests drive the system's Chromium and seal with a security module in software: install them when allowed to, else
# say the one line to run.
set -eu
test -x /usr/bin/chromium && command -v softhsm2-util >/dev/null 2>&1 && exit 0
line="apt-get update && apt-get install --yes --no-install-recommends chromium poppler-utils softhsm2"
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
  echo "Installing Chromium and SoftHSM, which the tests drive."
  export DEBIAN_FRONTEND=noninteractive
  sh -c "$line" >/dev/null
else
  echo "The tests need Chromium and SoftHSM. Run this once, then try again:"
  echo "  sudo sh -c '$line'"
  exit 1
fi
