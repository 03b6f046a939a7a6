import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from app.adapters.extraction.text import decode, is_binary, normalise

ANY = st.text(st.characters(codec=None, exclude_categories=()))  # lone surrogates, too


@given(ANY)
@example("a\u0340\u0344\u1161")
@example(" \r\n\t\r \u2028\x0c\n")
def test_normalised_text_is_nfc_with_plain_line_ends_and_nothing_invisible(text: str) -> None:
    result = normalise(text)
    assert unicodedata.is_normalized("NFC", result)
    assert not any(unicodedata.category(c) in ("Cc", "Cs") and c not in "\n\t" for c in result)
    assert not set(result) & set("\r\u00a0\u00ad\u200b\u200e\u202e\u2060\ufeff\ufffe\U000e0041")
    assert "\n\n\n" not in result
    result.encode()


@given(ANY)
def test_normalising_twice_changes_nothing_more(text: str) -> None:
    assert normalise(normalise(text)) == normalise(text)


@pytest.mark.parametrize(
    ("raw", "stored"),
    [
        ("De\u0301lai\u00a0: l\u2019e\u0301te\u0301", "Délai : l\u2019été"),
        ("coe\ufb03cient, \ufb01n, \ufb02ux", "coefficient, fin, flux"),
        ("soft\u00adhyphen zero\u200bwidth", "softhyphen zerowidth"),
        ("\U000e0049\U000e0067nore this", "nore this"),
        ("left\u202eright\u202c", "leftright"),
        ("a\x00b\x07c", "abc"),
        ("lone \ud83d surrogate", "lone \ufffd surrogate"),
        ("one\r\ntwo\rthree\x0cfour", "one\ntwo\nthree\nfour"),
        ("end  \n\n\n\n  next", "end\n\n  next"),
        ("\uf0b7 item", "• item"),
    ],
)
def test_what_readers_do_not_see_is_gone(raw: str, stored: str) -> None:
    assert normalise(raw) == stored


@pytest.mark.parametrize(
    "encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "cp1252"]
)
def test_a_text_is_decoded_from_the_encoding_it_was_written_in(encoding: str) -> None:
    text = "Le délai est de 30 jours à l\u2019été\u00a0: 5\u00a0€ par œuvre.\n" * 3
    assert decode(text.encode(encoding)) == text


def test_one_accent_in_a_long_windows_text_does_not_make_it_broken_utf_8() -> None:
    text = "The deadline is thirty days. " * 500 + "café"
    assert decode(text.encode("cp1252")) == text


def test_a_damaged_byte_in_an_accented_utf_8_text_does_not_make_it_windows() -> None:
    data = ("délai " * 50).encode() + b"\xff" + ("été " * 50).encode()
    assert decode(data) == "délai " * 50 + "\ufffd" + "été " * 50


@pytest.mark.parametrize("data", [bytes(range(256)) * 4, b"\x00\x01\x02" * 50, b"\x7fELF\x01\x01"])
def test_bytes_full_of_control_characters_are_no_text(data: bytes) -> None:
    assert is_binary(data)


@pytest.mark.parametrize(
    "data", [b"plain", "été".encode(), "été".encode("cp1252"), "été à".encode("utf-16"), b""]
)
def test_text_in_any_encoding_is_no_binary(data: bytes) -> None:
    assert not is_binary(data)
