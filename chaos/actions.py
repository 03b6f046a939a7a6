"""What an experiment does: faults, and their ends."""

import contextlib
import os
import signal
import time
from pathlib import Path
from typing import Any, TypeAlias

import httpx2
from chaoslib.exceptions import ActivityFailed

from chaos import azure
from chaos.state import state

_PATIENCE_S = 5.0


Configuration: TypeAlias = dict[str, Any] | None


def inject(target: str, toxic: dict[str, Any], configuration: Configuration = None) -> str:
    """Let something be wrong with the connections to a dependency, as Toxiproxy's toxics are."""
    if _elsewhere(configuration):
        return azure.start(target, str(toxic["type"]), configuration or {})
    said = {"name": toxic["type"], **toxic}
    return _done(httpx2.post(f"{_proxy(target)}/toxics", json=said, timeout=_PATIENCE_S))


def cut_off(target: str, configuration: Configuration = None) -> str:
    """Let a dependency be gone: connections are refused, those that there are end."""
    if _elsewhere(configuration):
        return azure.start(target, "down", configuration or {})
    return _done(httpx2.post(_proxy(target), json={"enabled": False}, timeout=_PATIENCE_S))


def clear(configuration: Configuration = None) -> str:
    """End every fault; there may be none."""
    if _elsewhere(configuration):
        return azure.stop(configuration or {})
    faults = state()["faults"]
    return _done(httpx2.post(f"{faults}/reset", timeout=_PATIENCE_S)) if faults else "no proxies"


def kill(process: str, times: int = 1, every_s: float = 1.5) -> list[int]:
    """Kill a process and all that it started, without warning; it is started again by itself."""
    killed = []
    for n in range(times):
        if n:
            time.sleep(every_s)
        pid = int(state()["processes"][process])
        with contextlib.suppress(ProcessLookupError):
            os.killpg(pid, signal.SIGKILL)
            killed.append(pid)
    if not killed:
        raise ActivityFailed(f"no process {process} was there to be killed")
    return killed


def fill_disk() -> int:
    """Fill the file system of the data folder; the bytes that it took."""
    path, written = Path(state()["data"]).parent / "full", 0
    with path.open("wb", buffering=0) as file, contextlib.suppress(OSError):
        while True:
            written += file.write(b"\0" * 65536)
    if not written:
        raise ActivityFailed("the file system was full already")
    return written


def free_disk() -> str:
    """Give the room back."""
    (Path(state()["data"]).parent / "full").unlink(missing_ok=True)
    return "free"


def poison_queue(messages: int = 20) -> int:
    """Put messages that nobody can read into each of the service's queues."""
    from azure.storage.queue import QueueServiceClient  # noqa: PLC0415 - only here

    version = os.environ["AZURE_STORAGE_API_VERSION"]
    account = os.environ["AZURE_STORAGE_CONNECTION_STRING"]
    with QueueServiceClient.from_connection_string(account, api_version=version) as queues:
        for queue in list(queues.list_queues(name_starts_with=state()["queues"])):
            for n in range(messages):
                queues.get_queue_client(queue.name).send_message(f"}}{n}: no message of ours{{")
    return messages


def _elsewhere(configuration: Configuration) -> bool:
    return (configuration or {}).get("fault_driver") == "azure"


def _proxy(target: str) -> str:
    return f"{state()['faults']}/proxies/{target}"


def _done(response: httpx2.Response) -> str:
    if response.is_error:
        raise ActivityFailed(f"the fault was not set: {response.status_code} {response.text}")
    return response.text
