#!/bin/sh
# Biome checks what one file shows. oxlint checks what only the types show: promises that nobody waits for, and a `switch`
# in `src` that leaves out a member of a union.
set -eu
cd "$(dirname "$0")/.."
PATH="$PWD/node_modules/.bin:$PATH"
biome check --error-on-warnings .
oxlint --type-aware --deny-warnings
