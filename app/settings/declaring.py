"""How one setting is declared: its names, how its text is read, what is allowed, what it is for."""

from collections.abc import Callable, Mapping
from dataclasses import Field, dataclass, field, fields
from pathlib import Path
from typing import Any, Generic, TypeVar, get_args

T = TypeVar("T")
D = TypeVar("D")
_KEY = "setting"
_TRUE = frozenset({"1", "true", "yes", "on"})
_FALSE = frozenset({"0", "false", "no", "off"})


@dataclass(frozen=True, slots=True)
class Form(Generic[T]):
    """What values a setting takes. `read` raises ValueError; `allowed` says it in words."""

    read: Callable[[str], T]
    allowed: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Declared:
    """One setting as declared. `names` are the variables it is read from, the first preferred."""

    field: str
    group: str
    names: tuple[str, ...]
    form: Form[Any]
    default: Any
    about: str
    secret: bool


def setting(form: Form[T], default: D, *names: str, about: str, secret: bool = False) -> T | D:
    """Declare a dataclass field that is read from the variables `names`."""
    made: T | D = field(
        default=default,
        repr=not secret,
        metadata={_KEY: {"form": form, "names": names, "about": about, "secret": secret}},
    )
    return made


def declared(settings: type[Any]) -> tuple[Declared, ...]:
    """Return the settings of a class made of parts, in the order of its parts.

    A part is a dataclass that the class inherits from; its docstring's first line is the group.
    """
    parts = [part for part in settings.__bases__ if part is not object] or [settings]
    return tuple(
        _one(part, made) for part in parts for made in fields(part) if _KEY in made.metadata
    )


def _one(part: type[Any], made: Field[Any]) -> Declared:
    said: Mapping[str, Any] = made.metadata[_KEY]
    group = (part.__doc__ or "").splitlines()[0].rstrip(".")
    return Declared(field=made.name, group=group, default=made.default, **said)


def text() -> Form[str]:
    """Take any text."""
    return Form(str, "text")


def address() -> Form[str]:
    """Take an http(s) address."""

    def read(raw: str) -> str:
        if not raw.startswith(("http://", "https://")):
            raise ValueError(raw)
        return raw.rstrip("/")

    return Form(read, "an http:// or https:// address")


def whole(least: int, most: int) -> Form[int]:
    """Take a whole number between two bounds."""

    def read(raw: str) -> int:
        if not least <= (number := int(raw)) <= most:
            raise ValueError(raw)
        return number

    return Form(read, f"a whole number, {least} to {most}")


def number(least: float, most: float) -> Form[float]:
    """Take a number between two bounds."""

    def read(raw: str) -> float:
        if not least <= (found := float(raw)) <= most:
            raise ValueError(raw)
        return found

    return Form(read, f"a number, {least:g} to {most:g}")


def flag() -> Form[bool]:
    """Take a yes or no."""

    def read(raw: str) -> bool:
        if (said := raw.strip().casefold()) not in _TRUE | _FALSE:
            raise ValueError(raw)
        return said in _TRUE

    return Form(read, "true or false")


def folder() -> Form[Path]:
    """Take a folder; `~` is the home folder."""
    return Form(lambda raw: Path(raw).expanduser(), "a folder")


def choice(options: object) -> Form[Any]:
    """Take one member of a Literal type, in any case."""
    known = get_args(options)

    def read(raw: str) -> Any:  # noqa: ANN401 - a member of the Literal, which mypy can't see here
        if (said := raw.strip().casefold()) not in known:
            raise ValueError(raw)
        return said

    return Form(read, ", ".join(known))


def several(options: object) -> Form[Any]:
    """Take members of a Literal type, separated by commas."""
    one = choice(options)

    def read(raw: str) -> Any:  # noqa: ANN401 - as above
        return tuple(dict.fromkeys(one.read(part) for part in raw.split(",")))

    return Form(read, f"any of {one.allowed}, separated by commas")


def listed() -> Form[tuple[str, ...]]:
    """Take texts separated by commas."""
    return Form(
        lambda raw: tuple(part.strip() for part in raw.split(",") if part.strip()),
        "texts separated by commas",
    )
