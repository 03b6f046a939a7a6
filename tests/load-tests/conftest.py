import importlib
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest

SCRIPTS = Path(__file__).parents[2] / "load-tests"


@pytest.fixture(scope="session")
def script() -> Callable[[str], ModuleType]:
    """Import a module of the load tests, which are scripts beside each other."""

    def imported(name: str) -> ModuleType:
        if str(SCRIPTS) not in sys.path:
            sys.path.append(str(SCRIPTS))
        return importlib.import_module(name)

    return imported
