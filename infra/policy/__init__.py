"""What no stack may be, whatever its settings say."""
