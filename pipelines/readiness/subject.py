"""Which commit stands in a tree, and whether the tree differs from it."""

import subprocess
from pathlib import Path

from pipelines.readiness.policy import Policy
from pipelines.readiness.verdict import Subject


def git(root: Path, *arguments: str) -> str:
    """Return what git says; CalledProcessError where there is no repository."""
    done = subprocess.run(["git", *arguments], cwd=root, capture_output=True, text=True, check=True)
    return done.stdout.strip()


def read_subject(root: Path, policy: Policy) -> Subject:
    """Read the commit, the state of the tree (untracked files count), and what is not there yet."""
    wanted = {need for source in policy.sources.values() for need in source.needs}
    wanted |= {criterion.runbook for criterion in policy.criteria}
    return Subject(
        commit=git(root, "rev-parse", "--verify", "HEAD"),
        dirty=bool(git(root, "status", "--porcelain")),
        lacks=frozenset(path for path in wanted if not (root / path).exists()),
    )
