#!/bin/sh
# The tests drive the system's Chromium, seal with a security module in software, count in a Redis and are scanned by a
# ClamAV: install them when allowed to, else say the one line to run.
set -eu
test -x /usr/bin/chromium && test -x /usr/bin/chromium-headless-shell && command -v softhsm2-util >/dev/null 2>&1 && command -v redis-server >/dev/null 2>&1 \
  && test -x /usr/sbin/clamd && exit 0
line="apt-get update && apt-get install --yes --no-install-recommends chromium chromium-headless-shell poppler-utils softhsm2 redis-server clamav-daemon"
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
  echo "Installing Chromium, SoftHSM, Redis and ClamAV, which the tests drive."
  export DEBIAN_FRONTEND=noninteractive
  # Tests start a scanner of their own, with signatures of their own: that of the machine and its downloads stay off.
  units=""
  if [ ! -x /usr/sbin/clamd ] && [ -d /run/systemd/system ]; then
    units="clamav-daemon.service clamav-daemon.socket clamav-freshclam.service"
    systemctl mask --runtime --quiet $units
  fi
  sh -c "$line" >/dev/null
  if [ -n "$units" ]; then
    systemctl unmask --runtime --quiet $units
    systemctl disable --quiet $units
  fi
else
  echo "The tests need Chromium, SoftHSM, Redis and ClamAV. Run this once, then try again:"
  echo "  sudo sh -c '$line'"
  exit 1
fi
