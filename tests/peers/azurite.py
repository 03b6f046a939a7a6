"""Azurite: Blob and Queue Storage."""

from collections.abc import Mapping
from pathlib import Path

from tests.peers.node import MODULES
from tests.peers.programs import Program

ACCOUNT = "devstoreaccount1"
# Azurite's one account and key, printed in its documentation.
KEY = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="  # pragma: allowlist secret # noqa: E501
# The newest that it knows; the SDKs would speak a newer one.
API_VERSION = "2026-06-06"


def azurite(folder: Path | None = None, ports: tuple[int, int] = (0, 0)) -> Program:
    """Keep blobs and messages in the folder, or in memory; port 0 takes a free one."""
    place = ["--location", str(folder)] if folder else ["--inMemoryPersistence"]
    listening = r"Azurite {} service is successfully listening at (\S+)"
    blob_port, queue_port = map(str, ports)
    where = ["--blobPort", blob_port, "--queuePort", queue_port, "--tablePort", "0"]
    quiet = ["--disableTelemetry", "--silent"]
    return Program(
        name="azurite",
        command=["node", MODULES / "azurite/dist/src/azurite.js", *place, *where, *quiet],
        ready={"blobs": listening.format("Blob"), "queues": listening.format("Queue")},
    )


def connection_string(urls: Mapping[str, str]) -> str:
    """Return how to reach the account at these addresses."""
    return (
        f"DefaultEndpointsProtocol=http;AccountName={ACCOUNT};AccountKey={KEY};"
        f"BlobEndpoint={urls['blobs']}/{ACCOUNT};QueueEndpoint={urls['queues']}/{ACCOUNT};"
    )
