from pathlib import Path

import pytest

from app.adapters.extraction.media import EML
from app.core.errors import ExtractionFailedError
from tests.app.adapters.extraction import samples
from tests.app.adapters.extraction.samples import letter


def read(tmp_path: Path, data: bytes) -> str:
    (tmp_path / "a.eml").write_bytes(data)
    return samples.read(tmp_path / "a.eml", EML).text


def test_headers_are_decoded_and_stand_before_the_body(tmp_path: Path) -> None:
    (tmp_path / "a.eml").write_bytes(bytes(letter("Bonjour,\n\nLe délai est de 30 jours.\n")))
    result = samples.read(tmp_path / "a.eml", EML)
    assert result.text == (
        "From: Zoé Côté <zoe@example.org>\n"
        "To: Équipe <team@example.org>\n"
        "Date: Fri, 22 Nov 2024 10:00:00 +0000\n"
        "Subject: Délai de réponse à l\u2019été\n\n"
        "Bonjour,\n\n"
        "Le délai est de 30 jours."
    )
    assert (result.title, result.language) == ("Délai de réponse à l\u2019été", "fr")


def test_the_plain_alternative_is_read_and_html_where_there_is_none(tmp_path: Path) -> None:
    html = "<p>Du HTML<span style='display:none'>HIDDEN</span></p>"
    assert read(tmp_path, bytes(letter("Du texte", html=html))).endswith("\n\nDu texte")
    only = read(tmp_path, bytes(letter(" ", html=html)))
    assert only.endswith("\n\nDu HTML")


def test_attachments_are_named_without_any_folder(tmp_path: Path) -> None:
    message = letter("Voir ci-joint.")
    for name in ("../../etc/passwd", "C:\\Users\\zoé\\été.pdf", "=?utf-8?q?..=2Frappel.txt?="):
        message.add_attachment(b"SECRET", maintype="text", subtype="plain", filename=name)
    text = read(tmp_path, bytes(message))
    assert text.endswith("Voir ci-joint.\n\nAttachments: passwd, été.pdf, rappel.txt")
    assert "SECRET" not in text


def test_a_forwarded_message_is_read_with_its_headers(tmp_path: Path) -> None:
    message = letter("Voir plus bas.")
    message.add_attachment(letter("Le message transmis.", subject="Original"))
    text = read(tmp_path, bytes(message))
    assert text.index("Voir plus bas.") < text.index("Subject: Original")
    assert text.endswith("Le message transmis.")


@pytest.mark.parametrize(
    "subject",
    [
        "=?iso-8859-1?q?D=E9lai?=",
        "=?utf-8?b?RMOpbGFp?=",
        "=?UTF-8?Q?D=C3=A9?=\r\n =?UTF-8?Q?lai?=",
    ],
)
def test_encoded_words_are_decoded(tmp_path: Path, subject: str) -> None:
    text = read(tmp_path, f"From: a@b.c\r\nSubject: {subject}\r\n\r\nBody.\r\n".encode())
    assert "Subject: Délai\n" in text


@pytest.mark.parametrize(
    "subject",
    ["=?utf-8?b?@@@?= x", "=?x-unknown?q?abc?=", "=?utf-8?q?=FF=FE?=", "raw \udce9".encode(
        "utf-8", "surrogateescape"
    ).decode("latin-1")],
)  # fmt: skip
def test_a_header_that_cannot_be_decoded_does_not_hide_the_rest(
    tmp_path: Path, subject: str
) -> None:
    data = f"From: a@b.c\r\nSubject: {subject}\r\n\r\nBody.\r\n".encode("latin-1")
    assert read(tmp_path, data).endswith("\n\nBody.")


@pytest.mark.parametrize(
    ("charset", "encoded"),
    [("iso-8859-1", "cp1252"), ("x-none", "utf-8"), ("us-ascii", "utf-8"), ("utf-8", "cp1252")],
)
def test_a_body_is_decoded_even_if_its_charset_is_wrong(
    tmp_path: Path, charset: str, encoded: str
) -> None:
    head = f"From: a@b.c\r\nContent-Type: text/plain; charset={charset}\r\n\r\n".encode()
    body = "délai prévu, œuvre"
    text = read(tmp_path, head + body.encode(encoded))
    assert text.endswith(body) or charset == "us-ascii"
    assert "lai pr" in text


def test_a_file_without_a_message_s_headers_is_malformed(tmp_path: Path) -> None:
    with pytest.raises(ExtractionFailedError, match="MALFORMED"):
        read(tmp_path, b"Just a text, which is no message.")


def test_a_thousand_nested_parts_end_in_an_answer(tmp_path: Path) -> None:
    data = b"From: a@b.c\r\n"
    for depth in range(1000):
        data += b'Content-Type: multipart/mixed; boundary="b%d"\r\n\r\n--b%d\r\n' % (depth, depth)
    with pytest.raises(ExtractionFailedError, match="TOO_COMPLEX"):
        read(tmp_path, data + b"\r\nBody.")
