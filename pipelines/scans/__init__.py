"""Running the scanners: each leaves its own native report, and asks its tool what it looked at."""
