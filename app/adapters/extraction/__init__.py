"""Reading files: the `Extractor` port. One module a format; all of them run in a sandbox child."""

from app.adapters.extraction.extractor import SandboxExtractor
from app.adapters.extraction.reading import Caps
from app.adapters.sandbox import Sandbox
from app.core.ports import Extractor

PRELOAD = ("app.adapters.extraction.task",)  # for the sandbox's fork server


def open_extractor(
    sandbox: Sandbox, *, caps: Caps | None = None, timeout_s: float = 120.0
) -> Extractor:
    """Return an extractor; the sandbox should have been made with `preload=PRELOAD`."""
    return SandboxExtractor(sandbox, caps or Caps(), timeout_s)


__all__ = ["PRELOAD", "Caps", "SandboxExtractor", "open_extractor"]
