"""EVA API."""
