"""What clients may send: every bound is stated here, and nothing unstated is accepted."""
