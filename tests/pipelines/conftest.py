import shutil
from pathlib import Path

import pytest

from tests.pipelines.small_repository import Repository, repository


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
