"""Spreadsheets of all kinds: a visible sheet is a page, a row a line with its columns' names."""

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from pathlib import Path

from python_calamine import (
    CalamineError,
    CalamineSheet,
    CalamineWorkbook,
    PasswordError,
    SheetTypeEnum,
    SheetVisibleEnum,
)

from app.adapters.extraction.archive import Archive
from app.adapters.extraction.reading import Block, Caps, Part, Reading, failure
from app.adapters.extraction.rows import find_header, lines
from app.core.models import FailureReason

_EXACT = 1e15  # whole numbers below are exact
_Cell = float | str | bool | date | datetime | time | timedelta


def read_zipped_sheets(path: Path, caps: Caps) -> Reading:
    """Read a workbook that is a zip archive: .xlsx, .ods."""
    with Archive(path, caps) as archive:
        title = archive.title()
    return Reading(read_sheets(path, caps).parts, True, title)


def read_sheets(path: Path, caps: Caps) -> Reading:
    """Read any workbook. Hidden sheets are empty pages, so that numbers match."""
    try:
        with CalamineWorkbook.from_path(path) as book:
            if len(book.sheets_metadata) > caps.pages:
                raise failure(FailureReason.TOO_LARGE)
            parts = []
            for sheet in book.sheets_metadata:
                visible = sheet.visible is SheetVisibleEnum.Visible
                if visible and sheet.typ is SheetTypeEnum.WorkSheet:
                    parts.append(_part(book.get_sheet_by_name(sheet.name), caps))
                else:
                    parts.append(Part([]))
    except PasswordError:
        raise failure(FailureReason.ENCRYPTED) from None
    except CalamineError:
        raise failure(FailureReason.MALFORMED) from None
    return Reading(parts, True)


def _part(sheet: CalamineSheet, caps: Caps) -> Part:
    rows = list(_rows(sheet, caps))
    return Part([Block("\n".join(lines(rows, find_header(rows))))], sheet.name)


def _rows(sheet: CalamineSheet, caps: Caps) -> Iterator[list[str]]:
    budget = caps.characters
    for row in sheet.iter_rows():
        cells = [_shown(cell) for cell in row]
        if any(cells):
            budget -= sum(map(len, cells))
            if budget < 0:
                raise failure(FailureReason.TOO_LARGE)
            yield cells


def _shown(cell: _Cell) -> str:
    """Return a value in a plain form; number formats (currency, per cent) are not applied."""
    match cell:
        case str():
            return cell
        case bool():
            return "TRUE" if cell else "FALSE"
        case float():
            return str(int(cell)) if cell.is_integer() and abs(cell) < _EXACT else repr(cell)
        case datetime():
            return cell.isoformat(" ", "minutes" if not cell.second else "seconds")
        case _:
            return str(cell)
