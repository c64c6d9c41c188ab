#!/bin/sh
# Starts the proxy in a container: fills in the name of the service (SITE), names its web processes (SERVICES, « host:port »
# each), then is nginx.
set -eu
sed "s|\${SITE}|$SITE|" /etc/lms/nginx/front.conf > /tmp/front.conf
{
  echo 'upstream lms { zone services 256k; least_conn;'
  # Each is always tried, as in services.conf. A name is looked up once, now: it must be that of an address which stays.
  for service in $SERVICES; do echo "server $service max_fails=0;"; done
  echo '}'
} > /tmp/services.conf
exec nginx -c /etc/lms/nginx/containers.conf -g 'daemon off;'
