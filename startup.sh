#!/bin/sh
# Starts a cluster on this machine: memcacheds and controllers, in the background. --help shows the flags.
set -eu
project=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
sh "$project/scripts/setup.sh"
exec "$project/node_modules/.bin/node" "$project/main.ts" start "$@"
