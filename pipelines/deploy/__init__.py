"""How a build reaches production and comes back: one procedure, on any host with two slots."""
