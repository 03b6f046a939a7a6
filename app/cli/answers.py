"""How an answer is shown: its sentences, what they rest on, and honestly how far that carries."""

from collections.abc import Mapping, Sequence
from typing import Any

from app.cli.screen import Screen

# What is said of an answer that is not one, in the language of the question.
_BANDS: Mapping[tuple[str, str], str] = {
    ("closest", "en"): "The sources do not answer this. The passages closest to it:",
    ("closest", "fr"): "Les sources n'y répondent pas. Les passages les plus proches :",
    ("nothing", "en"): "The sources do not say.",
    ("nothing", "fr"): "Les sources ne le disent pas.",
}
_LONGEST_QUOTE = 300


def show(screen: Screen, answer: Mapping[str, Any], *, told: int = 0) -> None:
    """Print an answer with its numbered citations; the first `told` sentences were shown."""
    if text := _BANDS.get((answer["band"], answer["language"])):
        screen.say(text, "yellow")
    for sentence in answer["sentences"][told:]:
        say(screen, sentence)
    sources(screen, answer["citations"])
    _close(screen, answer)


def say(screen: Screen, sentence: Mapping[str, Any]) -> None:
    """Print one sentence with the numbers of its citations."""
    marks = "".join(f" [{number}]" for number in sentence["citations"])
    doubt = "" if sentence["supported"] else " (?)"
    screen.say(f"{sentence['text']}{marks}{doubt}")


def sources(screen: Screen, citations: Sequence[Mapping[str, Any]]) -> None:
    """Print the citations: title, place, verbatim quote."""
    if citations:
        screen.say()
    for citation in citations:
        screen.say(f"[{citation['number']}] {_place(citation)}", "bold")
        screen.say(f"    “{_shortened(citation['quote'])}”", "dim")


def _close(screen: Screen, answer: Mapping[str, Any]) -> None:
    """Print how much of the question the sources hold, and the query's id."""
    screen.say()
    degraded = ", degraded" if answer["degraded"] else ""
    screen.say(f"coverage {answer['coverage']:.2f}{degraded}, query {answer['id']}", "dim")


def _place(citation: Mapping[str, Any]) -> str:
    place = str(citation["title"])
    if citation.get("page") is not None:
        place += f", page {citation['page']}"
    if citation.get("section"):
        place += f", “{citation['section']}”"
    return place


def _shortened(quote: str) -> str:
    flat = " ".join(quote.split())
    return flat if len(flat) <= _LONGEST_QUOTE else flat[: _LONGEST_QUOTE - 1] + "…"
