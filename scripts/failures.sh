#!/bin/sh
# Kills, pauses, cuts off and misdates real controllers under load for longer than `npm test` does.
#   scripts/failures.sh [rounds]     of each failure, 20 by default; as root the partitions too
set -eu
cd "$(dirname "$0")/.."
PATH="$PWD/node_modules/.bin:$PATH"
export FAILURE_ROUNDS="${1:-20}"
echo "memchorus: $FAILURE_ROUNDS rounds of each failure"
exec vitest run --project long test_cases/failure/recorded-failure.test.ts test_cases/failure/partition.test.ts \
  test_cases/failure/wrong-clock.test.ts
