from pathlib import Path

import pytest

from tests.app.cli.running import NOWHERE, Eva


@pytest.fixture
def eva(tmp_path: Path) -> Eva:
    """The command line where no server answers and nothing was ever set up."""
    return Eva(tmp_path, {"EVA_URL": NOWHERE, "EVA_DATA_DIR": str(tmp_path / "data")})
