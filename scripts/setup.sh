#!/bin/sh
# Installs what npm provides when it is missing or older than the lock file; otherwise silent and instant.
set -eu
cd "$(dirname "$0")/.."
if [ -x node_modules/.bin/node ] && [ node_modules/.package-lock.json -nt package-lock.json ]; then
  exit 0
fi
command -v npm >/dev/null 2>&1 || {
  echo "memchorus: npm is missing; install Node.js 20 or newer (https://nodejs.org)" >&2
  exit 1
}
echo "memchorus: installing dependencies (once) ..." >&2
npm ci --no-audit --no-fund --loglevel=error >&2
touch node_modules/.package-lock.json
