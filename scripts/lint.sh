#!/bin/sh
# Biome for everything that one file shows; oxlint for promises that nobody waits for, which only the types show.
set -eu
cd "$(dirname "$0")/.."
PATH="$PWD/node_modules/.bin:$PATH"
biome check --error-on-warnings .
oxlint --type-aware --deny-warnings
