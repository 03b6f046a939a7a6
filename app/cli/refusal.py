"""What a command says when it can't do what was asked."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass
class RefusedError(Exception):
    """A command was refused or failed: exit code 1."""

    title: str
    detail: str
    code: str
    request_id: str | None = None
    status: int | None = None
    errors: tuple[Mapping[str, object], ...] = field(default=())

    def __str__(self) -> str:
        """Return the lines that a person sees."""
        lines = [f"{self.title}: {self.detail}"]
        for error in self.errors:
            where = error.get("pointer") or error.get("parameter") or ""
            lines.append(f"  {where}: {error.get('detail', '')}")
        trace = f", request {self.request_id}" if self.request_id else ""
        lines.append(f"  ({self.code}{trace})")
        return "\n".join(lines)

    @property
    def brief(self) -> str:
        """Return the code and the most telling sentence, on one line."""
        told = [str(error["detail"]) for error in self.errors if "detail" in error]
        return f"{self.code}: {'; '.join(told) or self.detail}"

    def as_json(self) -> dict[str, object]:
        """Return the same for programs."""
        return {
            "title": self.title,
            "detail": self.detail,
            "code": self.code,
            "status": self.status,
            "request_id": self.request_id,
            "errors": list(self.errors),
        }
