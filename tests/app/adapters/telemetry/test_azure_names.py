"""What Azure Monitor is sent of a metric is what the contract of signals says that may be asked."""

from pathlib import Path

import yaml

from app.adapters.telemetry.azure_monitor import AzureMonitor
from app.adapters.telemetry.meters import Meters
from app.adapters.telemetry.sending import Batch
from tests.app.adapters.telemetry import sinks

CONTRACT = yaml.safe_load((Path("dashboards") / "signals.yaml").read_text(encoding="utf-8"))
METRICS = CONTRACT["metrics"]


def told() -> Meters:
    """Every metric of the contract, with all its attributes."""
    held = Meters()
    for one in METRICS:
        labels = dict.fromkeys(one["attributes"], "x")
        if one["instrument"] == "histogram":
            held.observe(one["name"], labels, [1])
        else:
            held.count(one["name"], labels, 1)
    return held


def test_metrics_arrive_by_the_names_and_with_the_attributes_that_are_asked_for(
    tmp_path: Path,
) -> None:
    with sinks.listening() as sink:
        channel = AzureMonitor(sink.connection, tmp_path, {"service.name": "eva-api"})
        channel.send(Batch(points=told().taken()))
        channel.close()
    arrived = {
        one["metrics"][0]["name"]: set(one["properties"] or ()) for one in sink.data("MetricData")
    }
    promised = {one.get("on_azure", one["name"]): set(one["attributes"]) for one in METRICS}
    assert arrived == promised
