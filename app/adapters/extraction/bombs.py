"""Looks for deflated streams of a PDF that unfold to far more than any document needs."""

import mmap
import re
import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path

_STREAM = re.compile(rb"stream\r?\n")
_FILTERS = re.compile(rb"/(?:FlateDecode|Fl)\b")
_DICTIONARY = 500  # bytes before a stream in which its filters are named
_LAYERS = 3
_STEP = 1 << 20
_UNFOLDED = 256 << 20  # of one stream
_RATIO = 100


def holds_bomb(path: Path) -> bool:
    """Tell whether a stream unfolds to more than 256 MB and a hundred times its size.

    For files that PDFium failed on: it costs as much as unfolding every stream, in little memory.
    """
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        for found in _STREAM.finditer(data):
            dictionary = data[max(0, found.start() - _DICTIONARY) : found.start()]
            layers = len(_FILTERS.findall(dictionary, dictionary.rfind(b" obj") + 1))
            if layers and _unfolds(data, found.end(), min(layers, _LAYERS)):
                return True
    return False


def _unfolds(data: mmap.mmap, start: int, layers: int) -> bool:
    unfolders = [zlib.decompressobj() for _ in range(layers)]
    unfolded, at = 0, start
    try:
        while at < len(data) and not unfolders[0].eof:
            chunk = data[at : at + _STEP]
            at += len(chunk)
            for size in _pour(chunk, unfolders):
                unfolded += size
                if unfolded > max(_UNFOLDED, _RATIO * (at - start)):
                    return True
    except zlib.error:  # not deflated, or damaged
        pass
    return False


def _pour(packed: bytes, unfolders: Sequence["zlib._Decompress"]) -> Iterator[int]:
    """Yield how many bytes come out of the last layer, piece by piece."""
    first, *rest = unfolders
    while packed and not first.eof:
        piece = first.decompress(packed, _STEP)
        packed = first.unconsumed_tail
        if rest:
            yield from _pour(piece, rest)
        else:
            yield len(piece)
