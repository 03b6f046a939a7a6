"""Meaning as vectors: an operator's own sentence-transformer, run by ONNX Runtime."""

from app.adapters.embedding.embedder import OnnxEmbedder, open_embedder
from app.adapters.embedding.export import UnusableEmbedderError

__all__ = ["OnnxEmbedder", "UnusableEmbedderError", "open_embedder"]
