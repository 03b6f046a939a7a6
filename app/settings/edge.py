"""The settings of the edge: who may come in, by which name, how fast."""

import re
from dataclasses import dataclass

from app.settings.declaring import Form, flag, listed, number, setting, text, whole

_ORIGIN = re.compile(r"https?://[a-z0-9.-]+(:[0-9]{1,5})?|https?://\[[0-9a-f:]+\](:[0-9]{1,5})?")
_HOST = re.compile(r"(\*\.)?[a-z0-9.-]+|\[[0-9a-f:]+\]")


def _matching(form: re.Pattern[str], allowed: str) -> Form[tuple[str, ...]]:
    def read(raw: str) -> tuple[str, ...]:
        found = tuple(one.lower() for one in listed().read(raw))
        if not all(form.fullmatch(one) for one in found):
            raise ValueError(raw)
        return found

    return Form(read, allowed)


@dataclass(frozen=True, kw_only=True)
class Edge:
    """The edge."""

    allowed_origins: tuple[str, ...] = setting(
        _matching(_ORIGIN, "origins such as https://app.example.ca, separated by commas; no `*`"),
        (),
        "EVA_ALLOWED_ORIGINS",
        "ALLOWED_ORIGINS",
        about="Web pages that may call from a browser, by origin; unset: none.",
    )
    allowed_hosts: tuple[str, ...] = setting(
        _matching(_HOST, "names such as api.example.ca or *.example.ca, separated by commas"),
        (),
        "EVA_ALLOWED_HOSTS",
        about="The names that the service answers to, health probes aside; unset: any.",
    )
    require_https: bool = setting(
        flag(),
        False,
        "EVA_REQUIRE_HTTPS",
        "REQUIRE_HTTPS",
        about="Refuse plain HTTP, as seen by trusted proxies (`X-Forwarded-Proto`), and tell "
        "browsers so. Reads without a credential of a name in EVA_ALLOWED_HOSTS are redirected.",
    )
    operator_tenant: str = setting(
        text(),
        "ten_default",
        "EVA_OPERATOR_TENANT",
        about="The tenant whose administrators see what is of all tenants together: counts of "
        "jobs, room on the disk.",
    )
    refusal_alarm: int = setting(
        whole(0, 1_000_000),
        100,
        "EVA_REFUSAL_ALARM",
        about="How many refusals (401, 403, 404, 429) of one principal or address in a minute "
        "raise an alarm; 0: none do.",
    )
    head_timeout_s: float = setting(
        number(0.1, 300),
        10.0,
        "EVA_HEAD_TIMEOUT_S",
        about="Within how many seconds a request's headers have to come.",
    )
    body_pause_s: float = setting(
        number(0.1, 3600),
        30.0,
        "EVA_BODY_PAUSE_S",
        about="The longest pause within a body, in seconds.",
    )
    body_pace: int = setting(
        whole(1, 1_000_000_000),
        1024,
        "EVA_BODY_PACE",
        about="Bytes a second that a body has to keep up to, one longest pause aside.",
    )
