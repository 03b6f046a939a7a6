"""The REST operations, one file a noun."""
