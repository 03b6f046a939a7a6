"""What a stack costs: quantities from its graph, prices from a dated file, nothing guessed."""
