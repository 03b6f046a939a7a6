"""What the sandbox's child does: read one file and return plain data."""

import csv
import struct
import zipfile
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import ParseError

from app.adapters.extraction import legacy, media
from app.adapters.extraction.bombs import holds_bomb
from app.adapters.extraction.docx import read_docx
from app.adapters.extraction.html import read_html
from app.adapters.extraction.mail import read_mail
from app.adapters.extraction.markdown import read_markdown
from app.adapters.extraction.packing import pack
from app.adapters.extraction.passages import assemble
from app.adapters.extraction.pdf import read_pdf
from app.adapters.extraction.plain import read_csv, read_json, read_json_lines, read_text
from app.adapters.extraction.pptx import read_pptx
from app.adapters.extraction.reading import Caps, Reader
from app.adapters.extraction.sheets import read_sheets, read_zipped_sheets
from app.adapters.fork_server import report
from app.core.errors import ExtractionFailedError
from app.core.models import FailureReason

READERS: Mapping[str, Reader] = {
    media.PDF: read_pdf,
    media.DOCX: read_docx,
    media.PPTX: read_pptx,
    media.XLSX: read_zipped_sheets,
    media.ODS: read_zipped_sheets,
    media.XLS: read_sheets,
    media.HTML: read_html,
    media.EML: read_mail,
    media.MARKDOWN: read_markdown,
    media.TEXT: read_text,
    media.CSV: read_csv,
    media.TSV: read_csv,
    media.JSON: read_json,
    media.JSON_LINES: read_json_lines,
    media.DOC: legacy.read_doc,
    media.PPT: legacy.read_ppt,
    media.RTF: legacy.read_rtf,
    media.ODT: legacy.read_odt,
}

# What a damaged file makes parsers raise. Anything else is a fault of ours and shows as one.
_DAMAGE = (
    ValueError,
    LookupError,
    EOFError,
    ArithmeticError,
    NotImplementedError,  # an unknown way of compression
    ParseError,
    csv.Error,
    struct.error,
    zipfile.BadZipFile,
    zlib.error,
)
_RUST = "pyo3_runtime"  # its PanicException is no Exception and can't be imported
_READ_SHARE = 0.8


def extract(path: str, media_type: str, caps: tuple[int, ...]) -> tuple[Any, ...]:
    """Return `pack`ed text, or a tuple of one: the reason why there is none."""
    limits = Caps(*caps)
    if not Path(path).stat().st_size:
        return (FailureReason.EMPTY.value,)
    try:
        reading = READERS[media_type](Path(path), limits)
        report(_READ_SHARE)
        return pack(assemble(reading, limits))
    except ExtractionFailedError as error:
        return (str(error.facts["reason"]),)
    except RecursionError:
        return (FailureReason.TOO_COMPLEX.value,)
    except _DAMAGE:
        return (FailureReason.MALFORMED.value,)
    except BaseException as error:
        if type(error).__module__ == _RUST:
            return (FailureReason.MALFORMED.value,)
        raise


def is_bomb(path: str) -> bool:
    """Tell why reading a PDF used up memory or time: because it was made to."""
    return holds_bomb(Path(path))
