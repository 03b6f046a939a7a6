from tests.peers.fixtures import azurite, models, node_programs

__all__ = ["azurite", "models", "node_programs"]
