"""Text as it is stored: NFC, LF, plain spaces, nothing that can't be seen; and bytes made text."""

import re
import unicodedata

_LIGATURES = {"ﬀ": "ff", "ﬁ": "fi", "ﬂ": "fl", "ﬃ": "ffi", "ﬄ": "ffl", "ﬅ": "st", "ﬆ": "st"}
_BULLETS = {"\uf0b7": "•", "\uf0a7": "•", "\uf0d8": "•"}  # Symbol and Wingdings
# Control characters, soft hyphens, zero-width and direction marks, tags (invisible ASCII),
# non-characters: nothing a reader sees, and a place to hide instructions.
_INVISIBLE = (
    "\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180e"
    "\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\ufdd0-\ufdef"
    "\ufff0-\ufffc\ufffe\uffff\U000e0000-\U000e0fff"
)
_BREAKS = "\x0b\x0c\x85\u2028\u2029"
_SPACES = "\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000"
_SPECIAL = re.compile(
    f"[{_INVISIBLE}{_BREAKS}{_SPACES}\ud800-\udfff\ufb00-\ufb06\uf0a7\uf0b7\uf0d8]"
)
_BREAK, _SPACE = re.compile(f"[{_BREAKS}]"), re.compile(f"[{_SPACES}]")
_BLANK_LINES = re.compile(r"\n{3,}")

_SAMPLE = 64 * 1024
_UTF16_SHARE = 0.3  # of one byte in two being zero: UTF-16 of a Latin script without a mark
_DAMAGE = 20  # sound characters beyond ASCII for each broken one that UTF-8 still has
_NON_ASCII = re.compile(r"[^\x00-\x7f]")
_UNTEXTUAL = re.compile("[\x00-\x08\x0e-\x1a\x1c-\x1f\x7f\ufffd]")
_BINARY_SHARE = 0.02
_MARKS = (
    (b"\xef\xbb\xbf", "utf-8-sig"),
    (b"\xff\xfe\x00\x00", "utf-32"),
    (b"\x00\x00\xfe\xff", "utf-32"),
    (b"\xff\xfe", "utf-16"),
    (b"\xfe\xff", "utf-16"),
)


def normalise(text: str) -> str:
    """Return the text as it is stored; idempotent. Lone surrogates become U+FFFD."""
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    text = unicodedata.normalize("NFC", _SPECIAL.sub(_replacement, text))
    if " \n" in text or "\t\n" in text:
        text = "\n".join(line.rstrip(" \t") for line in text.split("\n"))
    return _BLANK_LINES.sub("\n\n", text).strip()


def one_line(text: str) -> str:
    """Return the text with every run of white space made one space."""
    return " ".join(text.split())


def _replacement(match: re.Match[str]) -> str:
    found = match[0]
    if known := _LIGATURES.get(found) or _BULLETS.get(found):
        return known
    if "\ud800" <= found <= "\udfff":
        return "\ufffd"
    if _BREAK.match(found):
        return "\n"
    return " " if _SPACE.match(found) else ""


def is_binary(head: bytes) -> bool:
    """Tell whether bytes are no text in any encoding that `decode` knows."""
    text = decode(head)
    return len(_UNTEXTUAL.findall(text)) > _BINARY_SHARE * len(text)


def decode(data: bytes) -> str:
    """Return the bytes as text; what does not fit the encoding becomes U+FFFD.

    The encoding is found by byte order mark, as UTF-16 or UTF-8 by form, else it is cp1252.
    """
    for mark, name in _MARKS:
        if data.startswith(mark):
            return data.decode(name, "replace")
    sample = data[:_SAMPLE]
    even, odd = sample[::2].count(0), sample[1::2].count(0)
    if max(even, odd) > _UTF16_SHARE * len(sample) / 2 and min(even, odd) * 20 < max(even, odd):
        return data.decode("utf-16-le" if odd > even else "utf-16-be", "replace")
    text = data.decode("utf-8", "replace")
    broken = text.count("\ufffd")
    if broken and broken * _DAMAGE > len(_NON_ASCII.findall(text)):
        return data.decode("cp1252", "replace")
    return text
