import email.message

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.web import filenames


@pytest.mark.parametrize(
    ("header", "name"),
    [
        (b'form-data; name="file"; filename="a.txt"', "a.txt"),
        (b"form-data; name=file; filename=a.txt", "a.txt"),
        ('form-data; name="file"; filename="ü.txt"'.encode(), "ü.txt"),
        ('form-data; name="file"; filename="ü.txt"'.encode("latin-1"), "ü.txt"),
        (b'form-data; name="file"; filename="=?utf-8?B?w7wudHh0?="', "ü.txt"),
        (b'form-data; name="file"; filename="=?utf-8?Q?=C3=BC.txt?="', "ü.txt"),
        (b'form-data; filename="=?utf-8?B?w7w=?= =?utf-8?B?w7wudHh0?="', "üü.txt"),
        (b"form-data; filename=\"x\"; filename*=UTF-8''%C3%BC.txt", "ü.txt"),
        (b"form-data; filename*=utf-8'en'%e2%82%ac.txt; filename=\"x\"", "€.txt"),
        (b"form-data; filename=\"good.txt\"; filename*=nonsense''x", "good.txt"),
        (b"form-data; filename=\"good.txt\"; filename*=utf-8''%ff", "good.txt"),
        (b"form-data; filename=\"a; filename*=utf-8''evil.txt\"", "a; filename*=utf-8''evil.txt"),
        (b'form-data; filename="a\\"b.txt"', 'a"b.txt'),
        (b'form-data; filename="=?no-such-charset?B?w7w=?="', "=?no-such-charset?B?w7w=?="),
        (b'form-data; name="file"', None),
        (b"", None),
    ],
)
def test_a_name_is_read_however_it_is_written(header: bytes, name: str | None) -> None:
    assert filenames.from_disposition(header) == name


@pytest.mark.parametrize(
    ("sent", "clean"),
    [
        ("../../etc/passwd", "passwd"),
        ("..\\..\\boot.ini", "boot.ini"),
        ("C:\\Users\\me\\plan.pdf", "plan.pdf"),
        ("a\r\nSet-Cookie: x=1.txt", "aSet-Cookie: x=1.txt"),
        ("a\0b.txt", "ab.txt"),
        ("\u202egpj.exe", "gpj.exe"),
        ("  .hidden. ", "hidden"),
        ("..", "document"),
        ("", "document"),
        ("/", "document"),
        ("e\u0301.txt", "é.txt"),
        ("a \t b.txt", "a b.txt"),
    ],
)
def test_a_hostile_name_becomes_a_plain_one(sent: str, clean: str) -> None:
    assert filenames.clean(sent) == clean


def test_a_long_name_keeps_its_extension() -> None:
    found = filenames.clean("é" * 300 + ".pdf")
    assert found.endswith("é.pdf")
    assert len(found.encode()) <= filenames.MOST_BYTES


@given(st.text(max_size=400))
def test_a_clean_name_is_harmless_and_stays_as_it_is(name: str) -> None:
    found = filenames.clean(name)
    assert 0 < len(found.encode(errors="surrogatepass")) <= filenames.MOST_BYTES
    assert not any(c in found for c in "/\\\r\n\0")
    assert found not in {".", ".."}
    assert filenames.clean(found) == found


@given(st.binary(max_size=200))
def test_no_header_makes_the_reading_of_names_fail(raw: bytes) -> None:
    for header in (raw, b"form-data; filename=" + raw, b'form-data; filename="' + raw + b'"'):
        found = filenames.from_disposition(header)
        assert found is None or filenames.clean(found) == found


@given(st.text(max_size=120))
def test_a_download_gives_the_name_back_in_one_header_line(name: str) -> None:
    clean = filenames.clean(name)
    header = filenames.disposition(clean)
    assert header.isascii()
    assert header.isprintable()
    message = email.message.Message()
    message["Content-Disposition"] = header
    assert message.get_content_disposition() == "attachment"
    assert header.rpartition("''")[2].isascii()
