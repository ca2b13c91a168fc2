#!/bin/sh
# Installs the dependencies when they are missing or older than the lock file; otherwise it does nothing.
# Without an argument: the dependencies of a start. With "all": those of the tests and measurements too.
set -eu
cd "$(dirname "$0")/.."
wanted=${1:-start}

is_installed() {
  [ -x node_modules/.bin/node ] && [ node_modules/.package-lock.json -nt package-lock.json ] || return 1
  [ "$wanted" = start ] || [ -x node_modules/.bin/vitest ]
}

is_installed && exit 0

# A directory that has all dependencies keeps them, also when only a start is asked for.
if [ -x node_modules/.bin/vitest ]; then wanted=all; fi

command -v npm >/dev/null 2>&1 || {
  echo "memchorus: npm is missing; install Node.js 20 or newer (https://nodejs.org)" >&2
  exit 1
}

# Two processes must not install into the same directory at once. The link names the process that installs.
lock=.memchorus/setup.lock
npm=
finish() {
  if [ -n "$npm" ]; then kill "$npm" 2>/dev/null && wait "$npm" || true; fi
  rm -f "$lock"
}
mkdir -p .memchorus
waits=
until ln -s "$$" "$lock" 2>/dev/null; do
  owner=$(readlink "$lock" 2>/dev/null) || continue
  if kill -0 "$owner" 2>/dev/null; then
    [ -n "$waits" ] || echo "memchorus: another process (pid $owner) is installing the dependencies; waiting ..." >&2
    waits=yes
    sleep 1
  else
    rm -f "$lock"
  fi
done
trap finish EXIT
trap 'exit 130' INT TERM HUP
is_installed && exit 0

if [ "$wanted" = start ]; then omit=--omit=dev; else omit=; fi
echo "memchorus: installing dependencies, once ..." >&2
# shellcheck disable=SC2086 # An empty variable must not become an argument.
npm ci $omit --no-audit --no-fund --loglevel=error >&2 &
npm=$!
passed=0
while kill -0 "$npm" 2>/dev/null; do
  sleep 1
  passed=$((passed + 1))
  if [ $((passed % 5)) -eq 0 ]; then
    echo "memchorus: $(du -sm node_modules 2>/dev/null | cut -f1) MB after $passed s ..." >&2
  fi
done
if wait "$npm"; then npm=; else
  npm=
  echo "memchorus: the dependencies could not be installed; npm says why above. Does it reach its registry?" >&2
  exit 1
fi
touch node_modules/.package-lock.json
