"""The parts of a stack. Each takes typed arguments and has its outputs as attributes."""
