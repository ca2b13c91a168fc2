#!/bin/sh
# Compares controllers with the real memcached for longer than `npm test` does, and fuzzes them.
#   scripts/differential.sh [seconds per protocol and level]     from a seed of its own, which is printed
#   DIFF_SEED=38 DIFF_STREAMS=1 scripts/differential.sh          one stream again, as a failure says
set -eu
cd "$(dirname "$0")/.."
PATH="$PWD/node_modules/.bin:$PATH"
export DIFF_SEED="${DIFF_SEED:-$(date +%s)}"
export DIFF_SECONDS="${1:-${DIFF_SECONDS:-120}}"
export FUZZ_SECONDS="${FUZZ_SECONDS:-$DIFF_SECONDS}"
echo "memchorus: DIFF_SEED=$DIFF_SEED, $DIFF_SECONDS seconds per protocol and level"
if [ -n "${DIFF_STREAMS:-}" ]; then
  exec vitest run --project system --testTimeout=600000 test_cases/differential/differential.test.ts
fi
exec vitest run --project system --testTimeout=$((DIFF_SECONDS * 2000 + 120000)) test_cases/differential
