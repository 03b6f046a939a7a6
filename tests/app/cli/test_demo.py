from pathlib import Path

import pytest

from app.cli import demo


def test_the_demo_reads_the_pages_of_the_repository() -> None:
    root = Path(__file__).parents[3]
    with demo._documents() as paths:
        pages = {path.relative_to(root).as_posix() for path in paths}
    assert pages >= {
        "README.md",
        "LISEZMOI.md",
        "docs/azure.md",
        "docs/adr/0012-fusion-of-scores.md",
    }
    assert {path.suffix for path in paths} == {".md"}, "pictures say nothing"


def test_where_only_the_package_is_the_demo_reads_the_page_that_ships_with_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(demo, "_ROOT", tmp_path)
    with demo._documents() as [page]:
        assert page.name == "README.md"
        assert page.read_text().startswith("# EVA API")
    assert not page.exists()


def test_the_demo_asks_in_both_languages_and_once_in_vain() -> None:
    assert [question.page for question in demo.QUESTIONS] == ["README.md", "LISEZMOI.md", None]
