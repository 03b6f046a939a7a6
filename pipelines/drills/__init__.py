"""Procedures carried out from outside, step by step, and measured; the release gate reads them."""
