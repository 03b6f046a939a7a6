"""A sentence-transformer export as small as can be: a table of word vectors behind a tokenizer.

The model is one ONNX operator, `Gather`, written byte by byte (onnx.proto3); a word that is not in
the table is `[UNK]`, whose vector is zero.
"""

import json
import struct
from collections.abc import Mapping, Sequence
from pathlib import Path

SPECIAL = ("[PAD]", "[UNK]")
_FLOAT, _INT64 = 1, 7  # TensorProto.DataType

# Words of one meaning share a direction.
MEANINGS: Mapping[str, Sequence[float]] = {
    "car": (1, 0, 0, 0),
    "automobile": (1, 0.1, 0, 0),
    "voiture": (1, 0, 0.1, 0),
    "dog": (0, 1, 0, 0),
    "hound": (0.1, 1, 0, 0),
    "the": (0, 0, 0, 0.1),
}


def write_model(
    folder: Path, words: Mapping[str, Sequence[float]] = MEANINGS, *, operator: str = "Gather"
) -> Path:
    """Write a folder that EVA_EMBEDDER_DIR may name."""
    folder.mkdir(parents=True, exist_ok=True)
    width = len(next(iter(words.values())))
    rows = [(0.0,) * width for _ in SPECIAL] + list(words.values())
    (folder / "model.onnx").write_bytes(_model(rows, operator))
    vocabulary = {word: n for n, word in enumerate((*SPECIAL, *words))}
    (folder / "tokenizer.json").write_text(json.dumps(_tokenizer(vocabulary)))
    return folder


def _tokenizer(vocabulary: Mapping[str, int]) -> dict[str, object]:
    return {
        "version": "1.0",
        "truncation": None,
        "padding": None,
        "added_tokens": [],
        "normalizer": {"type": "Lowercase"},
        "pre_tokenizer": {"type": "Whitespace"},
        "post_processor": None,
        "decoder": None,
        "model": {"type": "WordLevel", "vocab": dict(vocabulary), "unk_token": "[UNK]"},
    }


def _model(rows: Sequence[Sequence[float]], operator: str) -> bytes:
    numbers = [number for row in rows for number in row]
    table = (
        _number(1, len(rows))
        + _number(1, len(rows[0]))
        + _number(2, _FLOAT)
        + _bytes(8, b"table")
        + _bytes(9, struct.pack(f"<{len(numbers)}f", *numbers))
    )
    inputs = [b"table", b"input_ids"] if operator == "Gather" else [b"input_ids"]
    node = b"".join(_bytes(1, name) for name in inputs) + _bytes(2, b"out")
    of_tokens = operator == "Gather"
    graph = (
        _bytes(1, node + _bytes(4, operator.encode()))
        + _bytes(2, b"tiny")
        + _bytes(5, table)
        + _bytes(11, _value(b"input_ids", _INT64, 2))
        + _bytes(12, _value(b"out", _FLOAT if of_tokens else _INT64, 3 if of_tokens else 2))
    )
    opset = _bytes(1, b"") + _number(2, 17)
    return _number(1, 8) + _bytes(7, graph) + _bytes(8, opset)


def _value(name: bytes, kind: int, dimensions: int) -> bytes:
    shape = b"".join(_bytes(1, _bytes(2, b"d%d" % n)) for n in range(dimensions))
    return _bytes(1, name) + _bytes(2, _bytes(1, _number(1, kind) + _bytes(2, shape)))


def _number(field: int, value: int) -> bytes:
    return _varint(field << 3) + _varint(value)


def _bytes(field: int, value: bytes) -> bytes:
    return _varint(field << 3 | 2) + _varint(len(value)) + value


def _varint(value: int) -> bytes:
    if value < 0x80:
        return bytes([value])
    return bytes([value & 0x7F | 0x80]) + _varint(value >> 7)
