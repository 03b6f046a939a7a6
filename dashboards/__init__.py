"""What is promised, measured, alerted on and shown; generated from few files (see README.md)."""
