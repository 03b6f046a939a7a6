import os
import shutil
from pathlib import Path

import pytest

from pipelines.readiness.evidence import note
from tests.pipelines.small_repository import Repository, repository

# The suite is evidence itself: a producer that a test runs must leave no note about the suite.
os.environ.pop(note.VARIABLE, None)


@pytest.fixture(scope="session")
def _judged(tmp_path_factory: pytest.TempPathFactory) -> Repository:
    """Return a repository that was judged ready, and that no test touches."""
    made = repository(tmp_path_factory.mktemp("judged"))
    made.record()
    assert made.judged().verdict.ready
    return made


@pytest.fixture
def ready(_judged: Repository, tmp_path: Path) -> Repository:
    """Return a test's own copy of a repository that was judged ready."""
    return Repository(Path(shutil.copytree(_judged.root, tmp_path / "clone")))
