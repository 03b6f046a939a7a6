"""Making evidence: run a tool, keep its own report, and record what it covered."""
