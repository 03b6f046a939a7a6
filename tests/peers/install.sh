#!/bin/sh
# Install what the peers need, from the lock file; their packages run no scripts.
set -eu
cd "$(dirname "$0")"
exec npm ci --ignore-scripts --no-audit --no-fund --loglevel=error
