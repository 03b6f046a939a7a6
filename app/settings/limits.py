"""The settings of the limits: who may ask how much, and where it is counted."""

from dataclasses import dataclass
from ipaddress import ip_network
from typing import Literal, TypeAlias

from app.core.budgets import parse
from app.core.models import Tier
from app.settings.declaring import Form, choice, flag, listed, number, setting, text, whole

TierName: TypeAlias = Literal["free", "basic", "pro", "unlimited"]
_PORTS = whole(1, 65535)


def _networks() -> Form[tuple[str, ...]]:
    """Take networks as CIDRs, or single addresses."""

    def read(raw: str) -> tuple[str, ...]:
        return tuple(str(ip_network(one)) for one in listed().read(raw))

    return Form(read, "networks such as 10.0.0.0/8 or fd00::/8, separated by commas")


def _budgets() -> Form[tuple[str, ...]]:
    """Take budgets."""

    def read(raw: str) -> tuple[str, ...]:
        found = listed().read(raw)
        for one in found:
            parse(one)
        return found

    return Form(read, "budgets such as ten_default:requests/day=1000, separated by commas")


def _tiers() -> Form[tuple[str, ...]]:
    """Take pairs of a tenant and its tier."""

    def read(raw: str) -> tuple[str, ...]:
        pairs = listed().read(raw)
        for pair in pairs:
            tenant, _, tier = pair.rpartition("=")
            if not tenant or tier not in tuple(Tier):
                raise ValueError(raw)
        return pairs

    return Form(read, "pairs such as ten_default=pro, separated by commas")


@dataclass(frozen=True, kw_only=True)
class Limits:
    """Limits."""

    rate_limit_enabled: bool = setting(
        flag(), True, "RATE_LIMIT_ENABLED", about="Whether anything is limited by the minute."
    )
    rate_limit_default: TierName | None = setting(
        choice(TierName),
        None,
        "EVA_RATE_LIMIT_TIER",
        "RATE_LIMIT_DEFAULT",
        about="The tier of a tenant without one (60, 600, 6000 or any requests a minute); "
        "unset: basic, in development unlimited.",
    )
    tenant_tiers: tuple[str, ...] = setting(
        _tiers(), (), "EVA_TENANT_TIERS", about="The tiers of single tenants."
    )
    rate_limit_headers: bool = setting(
        flag(),
        False,
        "EVA_RATE_LIMIT_HEADERS",
        about="Whether answers carry the draft headers `RateLimit` and `RateLimit-Policy`.",
    )
    address_limit: int | None = setting(
        whole(0, 10_000_000),
        None,
        "EVA_ADDRESS_LIMIT",
        about="Requests a minute from one address, 0 for any; unset: 6000, in development any.",
    )
    failure_limit: int | None = setting(
        whole(0, 10_000_000),
        None,
        "EVA_FAILURE_LIMIT",
        about="Refused credentials a minute from one address, 0 for any; unset: 30, in "
        "development any.",
    )
    trusted_proxies: tuple[str, ...] = setting(
        _networks(),
        (),
        "EVA_TRUSTED_PROXIES",
        about="The proxies whose `X-Forwarded-For` tells the client's address; unset: none.",
    )
    redis_host: str | None = setting(
        text(), None, "REDIS_HOST", about="Where all processes count quotas; unset: each by itself."
    )
    redis_port: int = setting(_PORTS, 6379, "REDIS_PORT", about="Redis port.")
    redis_password: str | None = setting(
        text(), None, "REDIS_PASSWORD", about="Redis password.", secret=True
    )
    redis_username: str | None = setting(
        text(),
        None,
        "REDIS_USERNAME",
        about="The object id of the identity that logs in to Redis; unset: a password, or nothing.",
    )
    redis_db: int = setting(whole(0, 15), 0, "REDIS_DB", about="Redis database.")
    redis_ssl: bool = setting(flag(), True, "REDIS_SSL", about="Whether Redis is reached over TLS.")
    redis_max_connections: int = setting(
        whole(1, 10_000), 50, "REDIS_MAX_CONNECTIONS", about="The most Redis connections."
    )
    redis_timeout_s: float = setting(
        number(0.001, 60),
        0.05,
        "REDIS_SOCKET_TIMEOUT",
        about="The longest wait for Redis, seconds; above 0.05 it counts as 0.05.",
    )
    budgets: tuple[str, ...] = setting(
        _budgets(),
        (),
        "EVA_BUDGETS",
        about="How many requests, tokens or how much money a tenant (`ten_a`), a space "
        "(`ten_a/spc_…`) or a key (`ten_a/key:…`) may use in a day or month.",
    )
    question_price: float = setting(
        number(0, 1_000_000), 0.0, "EVA_QUESTION_PRICE", about="What a question costs."
    )
    prompt_price: float = setting(
        number(0, 1_000_000),
        0.0,
        "EVA_PROMPT_TOKENS_PRICE",
        about="What a million tokens cost that a model reads.",
    )
    completion_price: float = setting(
        number(0, 1_000_000),
        0.0,
        "EVA_COMPLETION_TOKENS_PRICE",
        about="What a million tokens cost that a model writes.",
    )
