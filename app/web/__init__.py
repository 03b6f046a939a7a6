"""The HTTP face: REST operations, problems, pages, preconditions, event streams."""
