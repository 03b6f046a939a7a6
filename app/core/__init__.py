"""What EVA does, in plain Python: no framework, no vendor, no input or output of its own."""
