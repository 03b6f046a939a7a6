import shutil
import subprocess
import sys
from pathlib import Path

import pytest

LINT = (
    "from importlinter.cli import lint_imports; import sys; sys.exit(lint_imports(no_cache=True))"
)
PLANTED = {
    "core knows the web": ("app/core/ids.py", "import app.web"),
    "core uses a library": ("app/core/ids.py", "import orjson"),
    "an adapter reads settings": ("app/adapters/__init__.py", "import app.settings"),
    "the web knows an adapter": ("app/web/__init__.py", "import app.adapters.embedded"),
    "the gate knows the service": ("pipelines/__init__.py", "import app.core.ids"),
    "objectives know the service": ("dashboards/__init__.py", "import app.core.ids"),
}


def lint(root: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", LINT], cwd=root, capture_output=True, text=True, check=False
    )


def test_dependencies_point_inwards(root: Path) -> None:
    done = lint(root)
    assert done.returncode == 0, done.stdout
    assert ", 0 broken." in done.stdout
    assert "Contracts: 0 kept" not in done.stdout


@pytest.mark.parametrize("planted", PLANTED.values(), ids=PLANTED)
def test_a_planted_violation_is_found(root: Path, tmp_path: Path, planted: tuple[str, str]) -> None:
    for package in ("app", "dashboards", "pipelines"):
        ignored = shutil.ignore_patterns("__pycache__", "node_modules")
        shutil.copytree(root / package, tmp_path / package, ignore=ignored)
    shutil.copy(root / "pyproject.toml", tmp_path)
    path, line = planted
    with (tmp_path / path).open("a") as source:
        source.write(f"\n{line}\n")
    done = lint(tmp_path)
    assert done.returncode == 1, done.stdout
    assert "BROKEN" in done.stdout
    assert path.removesuffix(".py").removesuffix("/__init__").replace("/", ".") in done.stdout
