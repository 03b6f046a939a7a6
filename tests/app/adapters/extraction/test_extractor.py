import asyncio
import fcntl
import os
import signal
import termios
import zlib
from pathlib import Path

import pytest

from app.adapters.extraction import PRELOAD, Caps, open_extractor
from app.adapters.extraction.media import DOCX, EML, HTML, JSON, MARKDOWN, PDF, TEXT, XLSX
from app.adapters.sandbox import Sandbox
from app.core.errors import ExtractionFailedError, UnavailableError
from app.core.models import FailureReason
from app.core.ports import Extractor
from tests.app.adapters.extraction import samples
from tests.app.adapters.sandboxed import processes_below

FLATE = b"/Filter /FlateDecode"


@pytest.fixture
def extractor(sandbox: Sandbox) -> Extractor:
    return open_extractor(sandbox)


async def reason(extractor: Extractor, path: Path, media_type: str) -> FailureReason:
    with pytest.raises(ExtractionFailedError) as caught:
        await extractor.extract(path, media_type)
    return FailureReason(str(caught.value.facts["reason"]))


async def test_a_sandbox_returns_what_a_reader_reads(extractor: Extractor, tmp_path: Path) -> None:
    heading, body = "Délais", "Le délai est de trente jours. " * 100
    path = samples.word(tmp_path / "a.docx", (heading, 1), body, "😀 The end.")
    result = await extractor.extract(path, DOCX)
    assert result == samples.read(path, DOCX)
    assert len(result.passages) > 2
    assert samples.quotes(result)[-1].endswith("😀 The end.")


async def test_progress_rises_while_pages_are_read(extractor: Extractor, tmp_path: Path) -> None:
    (tmp_path / "a.pdf").write_bytes(samples.pdf([samples.text_page("Une page.")] * 30))
    told: list[float] = []
    await extractor.extract(tmp_path / "a.pdf", PDF, progress=told.append)
    assert told == sorted(told)
    assert len(told) > 20


async def test_a_file_of_no_readable_type_is_unsupported(
    extractor: Extractor, tmp_path: Path
) -> None:
    (tmp_path / "a").write_bytes(b"x")
    assert await reason(extractor, tmp_path / "a", "image/png") is FailureReason.UNSUPPORTED


@pytest.mark.parametrize("media_type", [PDF, DOCX, XLSX, HTML, EML, MARKDOWN, TEXT, JSON])
async def test_a_file_of_no_bytes_is_empty(
    extractor: Extractor, tmp_path: Path, media_type: str
) -> None:
    (tmp_path / "a").write_bytes(b"")
    assert await reason(extractor, tmp_path / "a", media_type) is FailureReason.EMPTY


@pytest.mark.parametrize("media_type", [PDF, DOCX, XLSX, EML, TEXT, JSON])
async def test_garbage_is_malformed_in_every_format(
    extractor: Extractor, tmp_path: Path, media_type: str
) -> None:
    (tmp_path / "a").write_bytes(bytes(range(256)) * 64)
    assert await reason(extractor, tmp_path / "a", media_type) is FailureReason.MALFORMED


async def test_a_stream_that_unfolds_to_gigabytes_is_a_bomb(
    extractor: Extractor, tmp_path: Path
) -> None:
    content = samples.deflated(b" " * 64, 1 << 30)
    (tmp_path / "a.pdf").write_bytes(samples.pdf([content], filters=FLATE))
    assert await reason(extractor, tmp_path / "a.pdf", PDF) is FailureReason.BOMB


async def test_a_flood_of_operators_is_too_complex(extractor: Extractor, tmp_path: Path) -> None:
    content = zlib.compress(b"1 2 m 3 4 l 5 6 l 7 8 l h S\n" * 6_000_000)
    (tmp_path / "a.pdf").write_bytes(samples.pdf([content], filters=FLATE))
    assert await reason(extractor, tmp_path / "a.pdf", PDF) is FailureReason.TOO_COMPLEX


async def test_a_sheet_with_one_cell_at_each_end_of_the_world_is_too_complex(
    extractor: Extractor, tmp_path: Path
) -> None:
    path = samples.workbook(tmp_path / "a.xlsx", S=[["x"]])
    cells = '<row r="1"><c r="A1"><v>1</v></c></row><row r="1048576"><c r="XFD1048576"><v>2</v></c>'
    space = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    sheet = f'<worksheet xmlns="{space}"><sheetData>{cells}</row></sheetData></worksheet>'
    samples.repacked(path, {"xl/worksheets/sheet1.xml": sheet})
    assert await reason(extractor, path, XLSX) is FailureReason.TOO_COMPLEX


async def test_a_read_past_its_time_is_a_timeout(sandbox: Sandbox, tmp_path: Path) -> None:
    (tmp_path / "a.pdf").write_bytes(samples.pdf([samples.text_page("Une page.")] * 4000))
    extractor = open_extractor(sandbox, timeout_s=0.01)
    assert await reason(extractor, tmp_path / "a.pdf", PDF) is FailureReason.TIMEOUT


async def test_caps_are_the_caller_s(sandbox: Sandbox, tmp_path: Path) -> None:
    (tmp_path / "a.md").write_text("# Titre\n\nVingt caractères et plus.")
    extractor = open_extractor(sandbox, caps=Caps(characters=20))
    assert await reason(extractor, tmp_path / "a.md", MARKDOWN) is FailureReason.TOO_LARGE


async def test_a_fault_of_ours_is_told_apart_from_a_bad_file(
    extractor: Extractor, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "secret-name").mkdir()  # a path that is no file
    assert await reason(extractor, tmp_path / "secret-name", TEXT) is FailureReason.INTERNAL
    assert caplog.messages == ["reading text/plain raised IsADirectoryError"]


async def test_a_sandbox_that_fails_is_unavailable_not_a_bad_file(
    tmp_path: Path, sandbox: Sandbox
) -> None:
    (tmp_path / "a.json").write_bytes(b"[]")
    before = processes_below(os.getpid())
    await open_extractor(sandbox).extract(_text(tmp_path), TEXT)
    (server,) = processes_below(os.getpid()) - before
    os.kill(server, signal.SIGSTOP)  # so that it is asked, and makes no child
    call = asyncio.create_task(open_extractor(sandbox).extract(tmp_path / "a.json", JSON))
    while not unread(sandbox):  # noqa: ASYNC110 - nothing tells
        await asyncio.sleep(0.01)
    os.kill(server, signal.SIGKILL)
    with pytest.raises(UnavailableError) as caught:
        await call
    assert caught.value.facts == {"dependency": "extraction", "retry_after": 5}


def unread(sandbox: Sandbox) -> bool:
    """Tell whether the fork server has yet to read what it is asked."""
    assert sandbox._server is not None
    return fcntl.ioctl(sandbox._server[1], termios.TIOCOUTQ, bytes(4)) != bytes(4)


def _text(tmp_path: Path) -> Path:
    (tmp_path / "a.txt").write_text("words")
    return tmp_path / "a.txt"


async def test_the_fork_server_stays_below_sixty_megabytes(tmp_path: Path) -> None:
    before = processes_below(os.getpid())
    sandbox = Sandbox(1, preload=PRELOAD)
    await open_extractor(sandbox).extract(_text(tmp_path), TEXT)
    (server,) = processes_below(os.getpid()) - before
    status = Path(f"/proc/{server}/status").read_text()
    await sandbox.aclose()
    resident = next(int(row.split()[1]) for row in status.splitlines() if "VmRSS" in row)
    threads = next(row.split()[1] for row in status.splitlines() if "Threads" in row)
    assert threads == "1"
    assert resident < 60 * 1024
