"""Experiments: one question each, asked of the running service while clients go on using it."""
