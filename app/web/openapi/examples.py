"""Examples of the main schemas, shown by the documentation and proved valid by a test."""

EXAMPLES: dict[str, list[object]] = {}
