"""Searchable passages of the embedded backend: one file a space, searched in memory."""

from app.adapters.embedded.index.analyzer import SnowballAnalyzer
from app.adapters.embedded.index.index import EmbeddedPassageIndex, Runner
from app.adapters.embedded.index.meaning import Meaning
from app.adapters.embedded.index.opening import open_index
from app.adapters.embedded.index.shelf import Bounds

__all__ = [
    "Bounds",
    "EmbeddedPassageIndex",
    "Meaning",
    "Runner",
    "SnowballAnalyzer",
    "open_index",
]
