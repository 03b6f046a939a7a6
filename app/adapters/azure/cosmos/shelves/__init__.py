"""Spaces in memory: what Cosmos DB holds of them, kept up with, to be searched by one read."""

from app.adapters.azure.cosmos.shelves.shelves import Room, Shelves

__all__ = ["Room", "Shelves"]
