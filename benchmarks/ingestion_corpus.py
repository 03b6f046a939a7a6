"""Files of every format with invented sentences, English and French, of a size worth timing."""

import json
import random
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import docx
import openpyxl

from app.adapters.extraction import media
from tests.app.adapters.extraction import samples

SUBJECTS = (
    "Le ministère", "The office", "Chaque demandeur", "The committee", "La municipalité",
    "An applicant", "L'organisme", "The service", "Le comité d'évaluation", "Every employee",
)  # fmt: skip
VERBS = (
    "répond à la demande", "reviews the request", "publie un avis officiel", "keeps the record",
    "transmet le dossier complet", "pays the fee", "vérifie l'admissibilité", "signs the form",
)  # fmt: skip
TERMS = (
    "dans les trente jours ouvrables", "within ten working days", "avant la fin de l'été",
    "before the end of the year", "selon l'annexe B", "as section 12 requires",
)  # fmt: skip


@dataclass(frozen=True)
class Sample:
    name: str
    path: Path
    media_type: str
    pages: int


def sentences(seed: int) -> Iterator[str]:
    pick = random.Random(seed).choice
    while True:
        yield f"{pick(SUBJECTS)} {pick(VERBS)} {pick(TERMS)}."


def paragraphs(count: int, seed: int = 1) -> list[str]:
    source = sentences(seed)
    return [" ".join(next(source) for _ in range(8)) for _ in range(count)]


def wrapped(text: str, width: int = 88) -> list[str]:
    lines, line = [], ""
    for word in text.split():
        if len(line) + len(word) >= width:
            lines.append(line)
            line = ""
        line = f"{line} {word}" if line else word
    return [*lines, line]


def kerned(line: str) -> bytes:
    """Return a line as word processors write it: in groups of letters, moved a little."""
    groups = (line[at : at + 3].encode("cp1252") for at in range(0, len(line), 3))
    return b"[%s] TJ T*" % b"-9".join(b"(%s)" % group for group in groups)


def pdf(path: Path, scale: int) -> int:
    pages = []
    for number in range(20 * scale):
        lines = [line for text in paragraphs(7, number) for line in (*wrapped(text), "")]
        shown = b"\n".join(map(kerned, (f"Section {number}", *lines)))
        pages.append(zlib.compress(b"BT /F1 10 Tf 14 TL 50 740 Td\n%s\nET" % shown))
    outline = [(f"Section {number}", number) for number in range(len(pages))]
    path.write_bytes(samples.pdf(pages, filters=b"/Filter /FlateDecode", outline=outline))
    return len(pages)


def word(path: Path, scale: int) -> int:
    document = docx.Document()
    for number, text in enumerate(paragraphs(200 * scale)):
        if number % 5 == 0:
            document.add_heading(f"Section {number}", 2)
        document.add_paragraph(text)
    document.save(str(path))
    return 0


def slides(path: Path, scale: int) -> int:
    texts = paragraphs(30 * scale)
    samples.slides(path, *((f"Slide {n}", text) for n, text in enumerate(texts)))
    return len(texts)


def sheets(path: Path, scale: int) -> int:
    book = openpyxl.Workbook(write_only=True)
    sheet = book.create_sheet("Frais")
    sheet.append(["Nom", "Montant", "Ville", "Remarque"])
    for number, text in zip(range(2000 * scale), sentences(1), strict=False):
        sheet.append([f"Nom {number}", number * 1.5, "Montréal", text])
    book.save(path)
    return 1


def html(path: Path, scale: int) -> int:
    body = "".join(
        f"<h2>Section {n}</h2><p>{text}</p><ul><li>un<li>deux</ul>"
        for n, text in enumerate(paragraphs(200 * scale))
    )
    path.write_text(f"<!doctype html><title>Page</title><style>p{{color:red}}</style>{body}")
    return 0


def mail(path: Path, scale: int) -> int:
    path.write_bytes(bytes(samples.letter("\n\n".join(paragraphs(200 * scale)))))
    return 0


def markdown(path: Path, scale: int) -> int:
    path.write_text("".join(f"## Section **x**\n\n{t}\n\n" for t in paragraphs(200 * scale)))
    return 0


def text(path: Path, scale: int) -> int:
    path.write_bytes("\r\n\r\n".join(paragraphs(400 * scale)).encode("cp1252"))
    return 0


def csv(path: Path, scale: int) -> int:
    rows = zip(range(4000 * scale), sentences(1), strict=False)
    path.write_text("Nom;Remarque\n" + "".join(f"Nom {n};{row}\n" for n, row in rows))
    return 0


def records(path: Path, scale: int) -> int:
    rows = zip(range(4000 * scale), sentences(1), strict=False)
    path.write_text(json.dumps([{"nom": f"Nom {n}", "remarque": row} for n, row in rows]))
    return 0


WRITERS: dict[str, tuple[str, Callable[[Path, int], int]]] = {
    "PDF": (media.PDF, pdf),
    "DOCX": (media.DOCX, word),
    "PPTX": (media.PPTX, slides),
    "XLSX": (media.XLSX, sheets),
    "HTML": (media.HTML, html),
    "EML": (media.EML, mail),
    "Markdown": (media.MARKDOWN, markdown),
    "text": (media.TEXT, text),
    "CSV": (media.CSV, csv),
    "JSON": (media.JSON, records),
}


def write(folder: Path, scale: int) -> Iterator[Sample]:
    for name, (media_type, writer) in WRITERS.items():
        path = folder / name
        yield Sample(name, path, media_type, writer(path, scale))
