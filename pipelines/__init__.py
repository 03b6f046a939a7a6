"""How a commit becomes a release: what is measured, and how it is judged."""
