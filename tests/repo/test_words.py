import re
from pathlib import Path

# Lock files name where each package was fetched from: that is their job.
MAY_NAME_REGISTRIES = {"uv.lock", "security/scanners/uv.lock", "infra/uv.lock"}
REGISTRIES = (
    r"pypi\.org|pythonhosted\.org|npmjs\.(?:org|com)|deb\.debian\.org|nuget\.org|crates\.io"
)
# What a reader of this repository has no use for: where and by whom it was typed.
ELSEWHERE = r"/work/(?:main|shared)|shared/(?:research|DESIGN)|sub-?agent|coding agent|chat session"


def found(root: Path, names: list[str], pattern: str) -> list[tuple[str, str]]:
    here = str(Path(__file__).relative_to(root))
    hits = []
    for name in names:
        if name != here:
            text = (root / name).read_bytes().decode(errors="replace")
            hits += [(name, hit) for hit in re.findall(pattern, text, re.IGNORECASE)]
    return hits


def test_no_file_names_a_package_registry(root: Path, tracked: tuple[str, ...]) -> None:
    assert found(root, [n for n in tracked if n not in MAY_NAME_REGISTRIES], REGISTRIES) == []


def test_the_repository_speaks_only_of_itself(root: Path, tracked: tuple[str, ...]) -> None:
    assert found(root, list(tracked), ELSEWHERE) == []


def test_the_search_finds_what_it_looks_for(root: Path) -> None:
    assert found(root, ["uv.lock"], REGISTRIES)
