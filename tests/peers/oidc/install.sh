#!/bin/sh
# Install what the issuer needs, from its lock file; its packages run no scripts.
set -eu
cd "$(dirname "$0")"
exec npm ci --ignore-scripts --no-audit --no-fund --loglevel=error
