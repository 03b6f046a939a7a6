"""What an issuer may answer instead of its keys."""

import json
import logging
from collections.abc import Callable

import pytest

from app.adapters.oidc.fetching import MOST_BYTES
from app.adapters.oidc.source import KeySource
from tests.app.adapters.oidc.publisher import DISCOVERY, KEYS, Answer, Publisher
from tests.clock import Clock

Spoil = Callable[[Publisher], None]


def at(path: str, answer: Answer) -> Spoil:
    return lambda publisher: publisher.pages.update({path: answer})


def discovery(**document: object) -> Spoil:
    def spoil(publisher: Publisher) -> None:
        found = {"issuer": publisher.url, "jwks_uri": publisher.url + KEYS, **document}
        publisher.pages[DISCOVERY] = Answer(json.dumps(found).encode())

    return spoil


SPOILED: dict[str, tuple[Spoil, str]] = {
    "another issuer": (discovery(issuer="https://evil.example"), "speaks for"),
    "a slash more": (lambda p: discovery(issuer=p.url + "/")(p), "speaks for"),
    "keys over http": (discovery(jwks_uri="http://login.example/keys"), "not an https address"),
    "keys in a file": (discovery(jwks_uri="file:///etc/passwd"), "not an https address"),
    "no address of keys": (discovery(jwks_uri=None), "address is missing"),
    "redirect": (
        at(KEYS, Answer(b"", 302, ("location: http://127.0.0.1:1/",))),
        "answered 302",
    ),
    "too large": (at(KEYS, Answer(b" " * (MOST_BYTES + 1))), "more than"),
    "compressed": (at(KEYS, Answer(b"", 200, ("content-encoding: gzip",))), "compressed"),
    "no JSON": (at(KEYS, Answer(b"<html>")), "JSONDecodeError"),
    "nested without end": (at(KEYS, Answer(b"[" * 100_000)), "RecursionError"),
    "a list": (at(KEYS, Answer(b"[]")), "did not answer with an object"),
    "no set": (at(KEYS, Answer(b"{}")), "not a set of keys"),
    "cut off": (at(KEYS, Answer(b"{}", 200, ("content-length: 99",))), "ProtocolError"),
}


@pytest.mark.parametrize("case", SPOILED.values(), ids=SPOILED)
async def test_a_spoiled_answer_is_told_to_the_log_and_the_last_good_keys_stay(
    source: KeySource,
    publisher: Publisher,
    clock: Clock,
    caplog: pytest.LogCaptureFixture,
    case: tuple[Spoil, str],
) -> None:
    first = await source.current()
    spoil, reason = case
    spoil(publisher)
    clock.now += 700
    with caplog.at_level(logging.WARNING, "eva.oidc"):
        assert await source.current() is first
    assert reason in caplog.text
    assert set(publisher.asked) == {DISCOVERY, KEYS}
