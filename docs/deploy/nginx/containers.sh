#!/bin/sh
# Starts the proxy of compose.yaml: fills in the name of the service, then is nginx.
set -eu
sed "s|\${SITE}|$SITE|" /etc/lms/nginx/front.conf > /tmp/front.conf
exec nginx -c /etc/lms/nginx/containers.conf -g 'daemon off;'
