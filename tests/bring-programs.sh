#!/bin/sh
# Programs that the tests drive, beside those of Python: a browser, whole and bare; readers of PDF; a security module in
# software; a server of counts; an antivirus; a proxy; Node for other people's verifiers; what mounts a small disk. What is
# missing is installed when allowed, else the one line to run is said.
set -eu
missing=""
want() { command -v "$1" >/dev/null 2>&1 || missing="$missing $2"; }
want /usr/bin/chromium chromium
want /usr/bin/chromium-headless-shell chromium-headless-shell
want pdfsig poppler-utils
want softhsm2-util softhsm2
want redis-server redis-server
want /usr/sbin/clamd clamav-daemon
want /usr/sbin/nginx nginx
want npm npm
want mount mount
test -n "$missing" || exit 0
line="apt-get update && apt-get install --yes --no-install-recommends$missing"
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
  echo "Installing what the tests drive:$missing."
  export DEBIAN_FRONTEND=noninteractive
  # Tests start servers of their own, with settings of their own: those of the machine, and their downloads, stay off.
  units=""
  if [ -d /run/systemd/system ]; then
    test -x /usr/sbin/clamd || units="$units clamav-daemon.service clamav-daemon.socket clamav-freshclam.service"
    test -x /usr/sbin/nginx || units="$units nginx.service"
    command -v redis-server >/dev/null 2>&1 || units="$units redis-server.service"
    test -z "$units" || systemctl mask --runtime --quiet $units
  fi
  sh -c "$line" >/dev/null
  if [ -n "$units" ]; then
    systemctl unmask --runtime --quiet $units
    systemctl disable --quiet $units
  fi
else
  echo "The tests drive programs that are not here. Run this once, then try again:"
  echo "  sudo sh -c '$line'"
  exit 1
fi
