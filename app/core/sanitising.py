"""Taking out of an answer what its sources do not hold: HTML, images, links.

A composer may be a language model, and a document may have told it to smuggle a link or a
tracking image into the answer. What the sources hold verbatim may stay.
"""

import re
from collections.abc import Callable, Iterable

_URL = r"""(?:[a-z][a-z0-9+.-]{1,30}://|www\.|//(?=\w)|(?:javascript|vbscript|data|file|mailto|tel):)
[^\s<>"'`{}|\\^\[\]]+"""
# What follows an address in a sentence and is not part of it.
_TRAILING = ".,;:!?…)»”’'\"*_"  # noqa: RUF001
_LINK = re.compile(_URL, re.IGNORECASE | re.VERBOSE)
# `![alt](target)`, `[text](target "title")`, `[text][reference]`; one level of brackets inside.
_MARKDOWN = re.compile(
    r"(?P<image>!?)\[(?P<text>(?:[^\[\]]|\[[^\[\]]*\])*)\]"
    r"(?:\((?P<target>(?:[^()]|\([^()]*\))*)\)|\[[^\[\]]*\])"
)
_DEFINITION = re.compile(r"^[ \t]*\[[^\[\]]+\]:.*$", re.MULTILINE)
_TAG = re.compile(r"<!--.*?(?:-->|$)|<[a-z/!?][^<>]*(?:>|$|(?=<))", re.IGNORECASE | re.DOTALL)
_ENTITY_TAG = re.compile(r"&(?:lt|\#0*60|\#x0*3c);?", re.IGNORECASE)
_INVISIBLE = re.compile(
    r"[\u0000-\u0008\u000b-\u001f\u007f\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufeff]"
)
_SUSPECT = re.compile(r"[<\[&]|//|www\.|(?:script|data|file|mailto|tel):", re.IGNORECASE)
_MARK = re.compile(r"[<\[&/:]")  # one of these, or `www.`, is in whatever is suspect
_PASSES = 5  # taking something out may join what was around it


def sanitise(text: str, sources: Iterable[str]) -> str:
    """Return the text without control characters, and without HTML, images and links foreign to it.

    Of a link its text stays. The result is one line.
    """
    clean = _INVISIBLE.sub("", text)
    marked = _MARK.search(clean) or "www." in clean.lower()
    if not (marked and _SUSPECT.search(clean)):
        return " ".join(clean.split())
    held = "\n".join(sources)
    rules = _rules(held)
    for _ in range(_PASSES):
        before = clean
        for pattern, keep in rules:
            clean = pattern.sub(keep, clean)
        if clean == before:
            return " ".join(clean.split())
    return " ".join(re.sub(r"[<>\[\]]|://", " ", clean).split())


Rule = tuple[re.Pattern[str], Callable[[re.Match[str]], str]]


def _rules(held: str) -> tuple[Rule, ...]:
    def unless_held(found: re.Match[str]) -> str:
        return found.group() if found.group() in held else " "

    def as_text(found: re.Match[str]) -> str:
        if found.group() in held:
            return found.group()
        return " " if found["image"] else found["text"]

    def unless_known(found: re.Match[str]) -> str:
        link = _trimmed(found.group())
        return found.group() if _has_link(held, link) else " " + found.group()[len(link) :]

    return (
        (_ENTITY_TAG, unless_held),
        (_TAG, unless_held),
        (_DEFINITION, unless_held),
        (_MARKDOWN, as_text),
        (_LINK, unless_known),
    )


def _has_link(held: str, link: str) -> bool:
    """Tell whether the link, whole, is one of the text's; none is longer than its word."""
    words = (word for word in held.split() if link in word) if link in held else ()
    return any(_trimmed(found.group()) == link for word in words for found in _LINK.finditer(word))


def _trimmed(link: str) -> str:
    return link.rstrip(_TRAILING)
