"""Stacks changed through the Pulumi command line, watched and guarded."""
