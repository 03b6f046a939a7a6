"""Zip-based Office files: opened with an eye on bombs, their XML read without a DTD."""

import mmap
import posixpath
import re
import zipfile
from pathlib import Path
from types import TracebackType
from typing import Self
from xml.etree import ElementTree as ET

from app.adapters.extraction.reading import Caps, failure
from app.core.models import FailureReason

_RATIO = 100  # unpacked to packed, beyond SMALL: no document deflates that well
_SMALL = 64 << 20
_ENCRYPTED = 0x1
_COMPOUND = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_WRAPPED = "EncryptedPackage".encode("utf-16-le")
_STRICT = re.compile(rb"http://purl\.oclc\.org/ooxml/(\w+)/")  # ISO 29500 strict namespaces
_TITLE = "{http://purl.org/dc/elements/1.1/}title"
_RELATIONS = "{http://schemas.openxmlformats.org/package/2006/relationships}Relationship"


class Archive:
    """The members of a zip file; `zipfile` reads no more of one than its declared size."""

    def __init__(self, path: Path, caps: Caps) -> None:
        if _is_encrypted(path):
            raise failure(FailureReason.ENCRYPTED)
        self._zip = zipfile.ZipFile(path)
        try:
            self._check(path.stat().st_size, caps)
        except BaseException:
            self._zip.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._zip.close()

    def _check(self, packed: int, caps: Caps) -> None:
        members = self._zip.infolist()
        unpacked = sum(member.file_size for member in members)
        if len(members) > caps.archive_entries or unpacked > caps.unpacked_bytes:
            raise failure(FailureReason.BOMB)
        if unpacked > max(_SMALL, _RATIO * packed):
            raise failure(FailureReason.BOMB)
        if any(member.flag_bits & _ENCRYPTED for member in members):
            raise failure(FailureReason.ENCRYPTED)

    def has(self, name: str) -> bool:
        """Tell whether there is such a member."""
        return name in self._zip.NameToInfo

    def xml(self, name: str) -> ET.Element:
        """Return the root of a member's tree; KeyError, BadZipFile or ParseError."""
        data = _STRICT.sub(rb"http://schemas.openxmlformats.org/\1/2006/", self._zip.read(name))
        return ET.fromstring(data)  # noqa: S314 - expat >= 2.4.1 bounds them  # nosec B314

    def relations(self, name: str) -> dict[str, tuple[str, str]]:
        """Return what a member refers to: the type's last word and the target, by id."""
        folder, base = posixpath.split(name)
        sheet = posixpath.join(folder, "_rels", base + ".rels")
        if not self.has(sheet):
            return {}
        found = {}
        for relation in self.xml(sheet).iter(_RELATIONS):
            if relation.get("TargetMode") != "External":
                target = posixpath.normpath(posixpath.join("/", folder, relation.get("Target", "")))
                kind = relation.get("Type", "").rsplit("/", 1)[-1]
                found[relation.get("Id", "")] = (kind, target.lstrip("/"))
        return found

    def main(self) -> str:
        """Return the name of the main document; KeyError without one."""
        return self._parts()["officeDocument"]

    def title(self) -> str | None:
        """Return the title of the document's properties."""
        name = self._parts().get("core-properties", "")
        return self.xml(name).findtext(_TITLE) if self.has(name) else None

    def _parts(self) -> dict[str, str]:
        return dict(self.relations("").values())


def _is_encrypted(path: Path) -> bool:
    """Tell whether Office wrapped an encrypted package into a compound file."""
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        return data[: len(_COMPOUND)] == _COMPOUND and data.find(_WRAPPED) >= 0
