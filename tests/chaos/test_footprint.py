import gc
import os
import tempfile
from contextlib import ExitStack
from typing import Any

import pytest
from chaoslib.exceptions import ActivityFailed

from chaos import footprint
from tests.chaos.conftest import with_state


@pytest.fixture(autouse=True)
def ours(place: dict[str, Any]) -> None:
    """Look at this process."""
    with_state(place, processes={"api": os.getpid()})


def test_a_process_that_holds_what_it_held_is_accepted() -> None:
    noted = footprint.remember_footprint()
    assert noted["api"]["resident_mb"] > 1
    assert set(footprint.expect_footprint(most_mb=64, most_files=5)) == {"api"}


def test_files_that_stay_open_are_found() -> None:
    footprint.remember_footprint()
    with ExitStack() as stack:
        for _ in range(10):
            stack.enter_context(tempfile.TemporaryFile())
        with pytest.raises(ActivityFailed, match="api grew"):
            footprint.expect_footprint(most_mb=64, most_files=5)


def test_memory_that_grows_is_found() -> None:
    gc.collect()  # what earlier tests left goes now, not meanwhile
    footprint.remember_footprint()
    held = b"x" * (128 << 20)
    with pytest.raises(ActivityFailed, match="api grew"):
        footprint.expect_footprint(most_mb=len(held) >> 21, most_files=5)
