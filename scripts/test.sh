#!/bin/sh
# Checks types and lint, and runs all tests but the longest (npm run test:long). The last line names the stores that the
# tests ran on.
set -eu
cd "$(dirname "$0")/.."
PATH="$PWD/node_modules/.bin:$PATH"

if command -v memcached >/dev/null 2>&1; then
  store="memcached ($(memcached -V)) and the embedded store"
elif [ -n "${CI:-}" ]; then
  echo "memchorus: memcached is not installed; in CI its tests must run (apt-get install memcached)" >&2
  exit 1
else
  store="the embedded store only: install memcached (apt-get install memcached) to test with the real one"
fi

echo "== types"
tsc --noEmit
echo "== lint"
sh scripts/lint.sh
echo "== tests"
vitest run --project fast --project sim --project system --project failure "$@"
echo "memchorus: types, lint and tests passed; the store's tests ran on $store"
