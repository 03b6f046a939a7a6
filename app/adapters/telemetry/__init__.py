"""Signals: what happens in this process, measured here and sent where the operator wants it.

What requests touch is plain Python of our own; the exporters' libraries are imported by the thread
that sends, once there is somewhere to send to.
"""

from app.adapters.telemetry.gauges import Gauges
from app.adapters.telemetry.meters import Meters
from app.adapters.telemetry.opening import Sending, Telemetry, telemetry
from app.adapters.telemetry.outcomes import Prices, Sealing
from app.adapters.telemetry.ports import observed

__all__ = ["Gauges", "Meters", "Prices", "Sealing", "Sending", "Telemetry", "observed", "telemetry"]
