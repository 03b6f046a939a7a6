"""The procedure rehearsed on this machine: real processes in two slots, builds good and bad."""
