#!/bin/sh
# Stops exactly what startup.sh started, the controllers first.
set -eu
project=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
sh "$project/scripts/setup.sh"
exec "$project/node_modules/.bin/node" "$project/main.ts" stop "$@"
