"""Release notes come from the changelog, or the release says that there are none."""

import pytest

from pipelines.changelog import NoNotesError, main, notes

TEXT = """# Changelog

## [Unreleased]

## [1.10.0] - 2026-11-01

### Added

- Ten.

## [1.1.0] - 2026-10-01

- One.
"""


@pytest.mark.parametrize(
    ("version", "told"), [("v1.10.0", "### Added\n\n- Ten."), ("1.1.0", "- One.")]
)
def test_the_notes_of_a_release_are_its_section_and_no_other(version: str, told: str) -> None:
    assert notes(TEXT, version) == told


@pytest.mark.parametrize("version", ["v2.0.0", "1.1", "Unreleased", "1.1.00"])
def test_a_version_without_notes_is_not_released_in_silence(version: str) -> None:
    with pytest.raises(NoNotesError, match="says nothing of"):
        notes(TEXT, version)


def test_the_command_tells_what_is_missing(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["v99.0.0"]) == 2
    assert "add a section [99.0.0]" in capsys.readouterr().err
    assert main([]) == 2
