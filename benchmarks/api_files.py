"""Files to upload: plain text, PDF of text, and PDF of scans with their text beside them."""

import random
import zlib
from collections.abc import Iterator, Sequence
from itertools import cycle
from pathlib import Path

_LINES = 55
_WIDTH = 95


def text_file(path: Path, chunks: Sequence[str], size: int) -> Path:
    """Write about `size` bytes of the chunks, over again if they are too few."""
    left, source = size, cycle(chunks)
    with path.open("w", encoding="utf-8") as out:
        while left > 0:
            left -= out.write(next(source) + "\n\n")
    return path


def pdf_file(path: Path, chunks: Sequence[str], pages: int, *, image_bytes: int = 0) -> Path:
    """Write a PDF of that many full pages; each may hold an incompressible image as well."""
    lines, objects = _lines(chunks), _Objects(path)
    font = objects.add(b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>")
    tree, kids, noise = objects.reserve(), [], random.Random(5)
    for _ in range(pages):
        stream = zlib.compress(_page(lines, draws=image_bytes > 0))
        content = objects.add(_stream(b"/Filter /FlateDecode", stream))
        resources = f"/Font << /F1 {font} 0 R >>"
        if image_bytes:
            shape = f"/Type /XObject /Subtype /Image /Width {image_bytes} /Height 1"
            grey = f"{shape} /ColorSpace /DeviceGray /BitsPerComponent 8"
            image = objects.add(_stream(grey.encode(), noise.randbytes(image_bytes)))
            resources += f" /XObject << /I {image} 0 R >>"
        page = f"<< /Type /Page /Parent {tree} 0 R /MediaBox [0 0 612 792] /Contents {content} 0 R"
        kids.append(objects.add(f"{page} /Resources << {resources} >> >>".encode()))
    listed = " ".join(f"{kid} 0 R" for kid in kids)
    objects.add(f"<< /Type /Pages /Count {pages} /Kids [{listed}] >>".encode(), tree)
    objects.close(objects.add(f"<< /Type /Catalog /Pages {tree} 0 R >>".encode()))
    return path


def _lines(chunks: Sequence[str]) -> Iterator[str]:
    for chunk in cycle(chunks):
        words = " ".join(chunk.split())
        for at in range(0, len(words), _WIDTH):
            line = words[at : at + _WIDTH]
            yield line.encode("ascii", "ignore").decode().translate({92: "", 40: "", 41: ""})


def _page(lines: Iterator[str], *, draws: bool) -> bytes:
    shown = "\n".join(f"({next(lines)}) Tj T*" for _ in range(_LINES))
    picture = "q 200 0 0 100 50 20 cm /I Do Q\n" if draws else ""
    return f"{picture}BT /F1 9 Tf 12 TL 50 760 Td\n{shown}\nET".encode()


def _stream(entries: bytes, content: bytes) -> bytes:
    head = b"<< %s /Length %d >>\nstream\n" % (entries, len(content))
    return head + content + b"\nendstream"


class _Objects:
    """The numbered objects of a PDF, written as they come."""

    def __init__(self, path: Path) -> None:
        self._out = path.open("wb")
        self._out.write(b"%PDF-1.7\n")
        self._places: dict[int, int] = {}
        self._count = 0

    def reserve(self) -> int:
        self._count += 1
        return self._count

    def add(self, content: bytes, number: int | None = None) -> int:
        number = number or self.reserve()
        self._places[number] = self._out.tell()
        self._out.write(b"%d 0 obj\n%s\nendobj\n" % (number, content))
        return number

    def close(self, root: int) -> None:
        start = self._out.tell()
        rows = b"".join(b"%010d 00000 n \n" % self._places[n] for n in range(1, self._count + 1))
        self._out.write(b"xref\n0 %d\n0000000000 65535 f \n%s" % (self._count + 1, rows))
        told = (self._count + 1, root, start)
        self._out.write(b"trailer << /Size %d /Root %d 0 R >>\nstartxref\n%d\n%%%%EOF\n" % told)
        self._out.close()
