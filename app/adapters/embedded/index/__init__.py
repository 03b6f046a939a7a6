"""Searchable passages of the embedded backend: one file a space, searched in memory."""

from app.adapters.embedded.index.analyzer import SnowballAnalyzer
from app.adapters.embedded.index.index import EmbeddedPassageIndex, Runner, open_index

__all__ = ["EmbeddedPassageIndex", "Runner", "SnowballAnalyzer", "open_index"]
