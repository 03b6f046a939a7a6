import io
import sys

import orjson
import pytest

from app.cli.progress import progress
from app.cli.screen import Screen


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


ITEMS = [{"id": "1", "name": "[bold]x[/]", "tags": ["a"], "gone": None}]


def test_a_listing_is_tabs_where_no_terminal_is(capsys: pytest.CaptureFixture[str]) -> None:
    Screen().listing(ITEMS, ("id", "name", "tags", "gone"))
    assert capsys.readouterr().out == 'id\tname\ttags\tgone\n1\t[bold]x[/]\t["a"]\t-\n'


def test_json_holds_every_field(capsys: pytest.CaptureFixture[str]) -> None:
    Screen(as_json=True).listing(ITEMS, ("id",))
    assert orjson.loads(capsys.readouterr().out) == ITEMS


def test_an_empty_listing_is_no_data(capsys: pytest.CaptureFixture[str]) -> None:
    Screen().listing([], ("id",))
    assert capsys.readouterr() == ("", "none\n")
    Screen(as_json=True).listing([], ("id",))
    assert orjson.loads(capsys.readouterr().out) == []


def test_with_json_words_for_people_leave_standard_output_alone(
    capsys: pytest.CaptureFixture[str],
) -> None:
    Screen(as_json=True).say("hello")
    assert capsys.readouterr() == ("", "hello\n")


def drawn(monkeypatch: pytest.MonkeyPatch) -> str:
    terminal = Terminal()
    monkeypatch.setattr(sys, "stdout", terminal)
    screen = Screen()
    screen.listing(ITEMS, ("id", "name"))
    screen.say("[red]as it is[/]", "bold")
    return terminal.getvalue()


def test_a_terminal_shows_text_as_it_is_with_colours(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.delenv("NO_COLOR", raising=False)
    text = drawn(monkeypatch)
    assert "\x1b[" in text
    assert "[bold]x[/]" in text
    assert "[red]as it is[/]" in text


def test_no_color_is_honoured(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setenv("NO_COLOR", "1")
    assert "\x1b[3" not in drawn(monkeypatch)


def test_progress_is_lines_on_standard_error(capsys: pytest.CaptureFixture[str]) -> None:
    with progress("reading", 2) as bar:
        bar.reach(0.5)
        bar.finish("a.pdf")
        bar.finish("b.pdf")
    assert capsys.readouterr() == ("", "reading 1/2: a.pdf\nreading 2/2: b.pdf\n")


def test_progress_is_a_bar_on_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    monkeypatch.setenv("TERM", "xterm-256color")
    with progress("reading", 1) as bar:
        bar.reach(0.5)
        bar.finish("a.pdf")
    assert "1/1 a.pdf" in terminal.getvalue()
    assert "100%" in terminal.getvalue()
