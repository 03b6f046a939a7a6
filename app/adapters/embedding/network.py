"""The model itself: texts in, vectors out. Blocking, and usable from several threads."""

import os
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
import numpy.typing as npt

from app.adapters.embedding.export import Export, UnusableEmbedderError

if TYPE_CHECKING:
    from tokenizers import Tokenizer

Vectors: TypeAlias = npt.NDArray[np.float32]

_PADDING = ("[PAD]", "<pad>")
_INPUTS = {"input_ids", "attention_mask", "token_type_ids"}
_POOLED = "sentence_embedding"  # the output that is a vector for each text, where there is one
_OF_TOKENS = 3  # dimensions of an output that has a vector for each token
_OF_TEXTS = 2


class Network:
    """A loaded model. Raises UnusableEmbedderError if it can't be loaded, or not be used."""

    def __init__(self, export: Export) -> None:
        try:
            # Imported only where an operator asks for it; it has no stubs.
            import onnxruntime  # type: ignore[import-untyped]  # noqa: PLC0415
            from tokenizers import Tokenizer  # noqa: PLC0415
        except ImportError as error:
            raise UnusableEmbedderError(
                f"EVA_EMBEDDER_DIR needs the extra `embedder` (uv sync --extra embedder): {error}"
            ) from error
        self._pooling = export.pooling
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = max(1, (os.cpu_count() or 1) // 2)
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        try:
            self._tokenizer = _prepared(Tokenizer.from_file(str(export.tokenizer)), export)
            self._session: Any = onnxruntime.InferenceSession(
                str(export.model), options, providers=["CPUExecutionProvider"]
            )
            self._inputs = {one.name for one in self._session.get_inputs()}
            outputs = [one.name for one in self._session.get_outputs()]
            self._output = _POOLED if _POOLED in outputs else outputs[0]
            tried = [self.vectors([text]) for text in ("one", "one more than one")]
        except Exception as error:  # each library raises its own
            raise UnusableEmbedderError(
                f"EVA_EMBEDDER_DIR: the model {export.model} can't be used: {error}"
            ) from error
        shapes = {vectors.shape for vectors in tried}
        if len(shapes) > 1 or tried[0].ndim != _OF_TEXTS or not np.isfinite(tried).all():
            raise UnusableEmbedderError(
                f"EVA_EMBEDDER_DIR: the model {export.model} gives no vector of one length for each"
                f" text, but numbers of the shapes {sorted(shapes)}."
            )

    def vectors(self, texts: Sequence[str]) -> Vectors:
        """Return a vector of length 1 for each text; one at least."""
        encoded = self._tokenizer.encode_batch(list(texts))
        mask = np.array([one.attention_mask for one in encoded], np.int64)
        given = {
            "input_ids": np.array([one.ids for one in encoded], np.int64),
            "attention_mask": mask,
            "token_type_ids": np.zeros_like(mask),
        }
        fed = {name: given[name] for name in _INPUTS & self._inputs}
        [found] = self._session.run([self._output], fed)
        if found.ndim == _OF_TOKENS:
            found = self._pooled(found, mask[:, :, None].astype(np.float32))
        length = np.linalg.norm(found, axis=-1, keepdims=True)
        vectors: Vectors = (found / np.maximum(length, 1e-12)).astype(np.float32)
        return vectors

    def _pooled(self, tokens: Vectors, weights: Vectors) -> Vectors:
        if self._pooling == "cls":
            first: Vectors = tokens[:, 0]
            return first
        mean: Vectors = (tokens * weights).sum(1) / np.maximum(weights.sum(1), 1)
        return mean


def _prepared(tokenizer: "Tokenizer", export: Export) -> "Tokenizer":
    tokenizer.enable_truncation(export.most_tokens)
    known = {token: tokenizer.token_to_id(token) for token in _PADDING}
    pad, number = next(((t, n) for t, n in known.items() if n is not None), (_PADDING[0], 0))
    tokenizer.enable_padding(pad_id=number, pad_token=pad)
    return tokenizer
