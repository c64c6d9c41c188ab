#!/bin/sh
# The browser tests drive the system's Chromium: install it when allowed to, else say the one line to run.
set -eu
test -x /usr/bin/chromium && exit 0
line="apt-get update && apt-get install --yes --no-install-recommends chromium poppler-utils"
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
  echo "Installing Chromium, which the browser tests drive."
  export DEBIAN_FRONTEND=noninteractive
  sh -c "$line" >/dev/null
else
  echo "The browser tests need Chromium. Run this once, then try again:"
  echo "  sudo sh -c '$line'"
  exit 1
fi
