"""The verdict as people and programs read it. Each file is one form; none decides anything."""
