import re
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from app.core import key_text

ROOT = Path(__file__).parents[3]
KEY_ID = "01kagq1zcc1d2e3f4g5h6j7k8m"


def test_a_key_has_the_documented_form_and_ends_in_its_checksum() -> None:
    text = key_text.mint(KEY_ID)
    assert re.fullmatch(key_text.PATTERN, text)
    assert key_text.checksum(text[:-6]) == text[-6:]
    assert key_text.read(text) == key_text.KeyText(KEY_ID, key_text.hashed(text))


def test_the_checksum_is_the_crc_32_in_six_digits_of_base_62() -> None:
    # CRC-32 of "123456789" is 0xCBF43926 = 3421780262, the check value of the algorithm.
    assert key_text.checksum("123456789") == "3jZRME"
    digits = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
    value = 0
    for digit in "3jZRME":
        value = value * 62 + digits.index(digit)
    assert value == 0xCBF43926


@given(st.integers(0, 99), st.sampled_from("0123456789abcdefXYZ_-"))
def test_a_slip_of_the_finger_makes_no_other_key(at: int, instead: str) -> None:
    text = key_text.mint(KEY_ID)
    wrong = text[:at] + instead + text[at + 1 :]
    assert wrong == text or key_text.read(wrong) is None


def test_a_key_from_before_the_checksums_is_known_by_its_secret() -> None:
    secret = "ab" * 32
    read = key_text.read(f"eva_{KEY_ID}_{secret}")
    assert read == key_text.KeyText(KEY_ID, key_text.hashed(secret))


@given(st.text(max_size=120))
def test_what_is_no_key_is_told_so(text: str) -> None:
    assert key_text.read(text) is None
    assert key_text.read(f"eva_{text}") is None


def test_the_pattern_for_scanners_is_the_one_that_is_documented() -> None:
    assert f"`{key_text.PATTERN}`" in (ROOT / "SECURITY.md").read_text()
