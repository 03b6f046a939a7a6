"""What reading costs with the library alone: text out, nothing kept, in this process."""

import csv
import json
from collections.abc import Callable
from pathlib import Path

from kreuzberg import ExtractionConfig, extract_file_sync
from pypdfium2 import PdfDocument
from python_calamine import CalamineWorkbook

from app.adapters.extraction import media


def pypdfium2(path: Path, _: str) -> int:
    with PdfDocument(path) as document:
        size = 0
        for page in document:
            content = page.get_textpage()
            size += len(content.get_text_range())
            content.close()
            page.close()
        return size


def kreuzberg(path: Path, media_type: str) -> int:
    config = ExtractionConfig(use_cache=False, enable_quality_processing=False)
    return len(extract_file_sync(path, media_type, config=config).content)


def calamine(path: Path, _: str) -> int:
    with CalamineWorkbook.from_path(path) as book:
        return sum(len(book.get_sheet_by_name(n).to_python()) for n in book.sheet_names)


def decode(path: Path, _: str) -> int:
    return len(path.read_bytes().decode("cp1252"))


def csv_module(path: Path, _: str) -> int:
    with path.open(newline="") as file:
        return sum(len(row) for row in csv.reader(file, delimiter=";"))


def json_module(path: Path, _: str) -> int:
    return len(json.loads(path.read_bytes()))


BARE: dict[str, Callable[[Path, str], int]] = {
    media.PDF: pypdfium2,
    media.XLSX: calamine,
    media.TEXT: decode,
    media.CSV: csv_module,
    media.JSON: json_module,
}


def library(media_type: str) -> Callable[[Path, str], int]:
    return BARE.get(media_type, kreuzberg)
