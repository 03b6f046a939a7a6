"""A stack's whole graph, recorded without Azure and without the Pulumi command line."""

from eva_infra.recording.graph import Graph, Recorded
from eva_infra.recording.record import record

__all__ = ["Graph", "Recorded", "record"]
