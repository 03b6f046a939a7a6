"""What a sentence-transformer export says of itself, file by file. Nothing is downloaded."""

import hashlib
import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from app.core.errors import SetupError

_MODELS = ("model.onnx", "onnx/model.onnx")
_MOST_TOKENS = 256  # of a text, unless the export says so itself; what is longer is cut
_POOLINGS = {"pooling_mode_mean_tokens": "mean", "pooling_mode_cls_token": "cls"}


class UnusableEmbedderError(SetupError):
    """The folder holds no model that can be run; the text says what to do."""


@dataclass(frozen=True, slots=True)
class Export:
    """The files of a model, and how it wants texts; the prompts are put before them."""

    model: Path
    tokenizer: Path
    pooling: str  # "mean" of all tokens, or "cls", the first
    most_tokens: int
    question_prompt: str
    passage_prompt: str
    name: str = ""  # changes with whatever changes vectors: those of two names don't compare


def read(folder: Path) -> Export:
    """Read a folder; raises UnusableEmbedderError."""
    model = next((folder / name for name in _MODELS if (folder / name).is_file()), None)
    tokenizer = folder / "tokenizer.json"
    if model is None or not tokenizer.is_file():
        raise UnusableEmbedderError(
            f"EVA_EMBEDDER_DIR: {folder} is no sentence-transformer export: it needs"
            " tokenizer.json, and model.onnx or onnx/model.onnx."
        )
    prompts = _said(folder / "config_sentence_transformers.json").get("prompts") or {}
    unnamed = Export(
        model=model,
        tokenizer=tokenizer,
        pooling=_pooling(folder / "1_Pooling" / "config.json"),
        most_tokens=_most_tokens(folder / "sentence_bert_config.json"),
        question_prompt=str(prompts.get("query", "")),
        passage_prompt=str(prompts.get("document", prompts.get("passage", ""))),
    )
    return replace(unnamed, name=_name(unnamed))


def _said(path: Path) -> dict[str, Any]:
    """Return what a file of the export says; nothing if it is not there."""
    try:
        said = json.loads(path.read_bytes())
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        raise UnusableEmbedderError(f"EVA_EMBEDDER_DIR: {path} can't be read: {error}") from error
    if not isinstance(said, dict):
        raise UnusableEmbedderError(f"EVA_EMBEDDER_DIR: {path} is no JSON object.")
    return said


def _pooling(path: Path) -> str:
    said = _said(path)
    chosen = said.get("pooling_mode") or "+".join(
        _POOLINGS.get(name, name)
        for name, value in said.items()
        if name.startswith("pooling_mode_") and value
    )
    if chosen not in {"", *_POOLINGS.values()}:
        raise UnusableEmbedderError(
            f"EVA_EMBEDDER_DIR: {path} asks for the pooling {chosen!r}; mean and cls can be done."
        )
    return chosen or "mean"


def _most_tokens(path: Path) -> int:
    said = _said(path).get("max_seq_length", _MOST_TOKENS)
    if not isinstance(said, int) or said < 1:
        raise UnusableEmbedderError(f"EVA_EMBEDDER_DIR: {path}: max_seq_length is no length.")
    return said


def _name(said: Export) -> str:
    settings = (said.pooling, said.most_tokens, said.question_prompt, said.passage_prompt)
    whole = hashlib.sha256(json.dumps(settings).encode())
    weights = sorted(said.model.parent.glob(f"{said.model.name}*"))  # large ones lie beside
    for path in (*weights, said.tokenizer):
        with path.open("rb") as content:
            whole.update(hashlib.file_digest(content, "sha256").digest())
    return whole.hexdigest()
