"""`python -m eva_infra.cli`."""

from eva_infra.cli import run

run()
