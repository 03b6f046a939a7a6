import re
from collections.abc import Mapping

from app.settings import Settings
from app.settings.azure import PENDING

# What a setting is read as where that is not its own name.
IN_BYTES = {
    "max_upload_mb": "max_upload_bytes",
    "max_json_kb": "max_json_bytes",
    "index_cache_mb": "index_cache_bytes",
}


def test_every_setting_acts_on_something_or_is_said_not_to(sources: Mapping[str, str]) -> None:
    readers = "\n".join(
        text
        for name, text in sources.items()
        if name.startswith("app/") and not name.startswith(("app/settings/", "app/cli/checks"))
    )
    acting = {one.field for one in Settings.declared() if not one.group.endswith(PENDING)}
    idle = {
        name
        for name in acting
        if not re.search(rf"\b(?:settings|chosen)\.{IN_BYTES.get(name, name)}\b", readers)
    }
    assert not idle
