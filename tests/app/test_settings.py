import dataclasses
from base64 import b64encode
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.settings import RETIRED, ClientSettings, Settings, SettingsError, known_names
from app.settings.declaring import Declared
from app.settings.reading import MASK

NAMED_TWICE = [one for one in Settings.declared() if len(one.names) > 1]


def refusals(env: dict[str, str]) -> tuple[str, ...]:
    with pytest.raises(SettingsError) as caught:
        Settings.load(env)
    return caught.value.problems


def a_value(one: Declared, number: int) -> str:
    """A value that the setting accepts; different for different numbers."""
    if one.form.allowed.startswith("an http"):
        return f"http://host{number}"
    if one.form.allowed.startswith("origins"):
        return f"https://host{number}.example"
    if one.form.allowed == "true or false":
        return ("true", "false")[number]
    if ", " in one.form.allowed and not one.form.allowed.startswith("a "):
        return one.form.allowed.split(", ")[number]
    return f"{8000 + number}"


def test_an_empty_environment_gives_the_documented_defaults() -> None:
    settings = Settings.load({})
    assert (settings.backend, settings.host, settings.port) == ("embedded", "127.0.0.1", 8000)
    assert settings.data_dir == Path(".eva")
    assert settings.max_upload_bytes == 100 * 1024 * 1024
    assert settings == Settings()


def test_settings_cannot_be_changed_after_start() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        Settings.load({}).port = 1  # type: ignore[misc]


@pytest.mark.parametrize("one", NAMED_TWICE, ids=lambda one: one.names[0])
def test_every_name_of_a_setting_is_read(one: Declared) -> None:
    for name in one.names:
        settings = Settings.load({name: a_value(one, 0)})
        assert getattr(settings, one.field) == one.form.read(a_value(one, 0))
        assert settings.sources[one.field] == name


@pytest.mark.parametrize("one", NAMED_TWICE, ids=lambda one: one.names[0])
def test_names_of_one_setting_that_disagree_are_refused_by_name(one: Declared) -> None:
    [problem] = refusals({name: a_value(one, n) for n, name in enumerate(one.names)})
    assert all(name in problem for name in one.names)
    assert "disagree" in problem


def test_names_of_one_setting_may_agree() -> None:
    settings = Settings.load({"EVA_PORT": "9000", "PORT": "09000"})
    assert (settings.port, settings.sources["port"]) == (9000, "EVA_PORT")


def test_everything_wrong_is_reported_at_once() -> None:
    problems = refusals(
        {"EVA_PORT": "seventy", "EVA_WORKER": "maybe", "EVA_LOG_LEVEL": "loud", "EVA_HOTS": "x"}
    )
    assert problems == (
        "EVA_PORT=seventy: must be a whole number, 0 to 65535",
        "EVA_LOG_LEVEL=loud: must be debug, info, warning, error",
        "EVA_WORKER=maybe: must be true or false",
        "EVA_HOTS: no such setting; did you mean EVA_HOST?",
    )


def test_an_unknown_name_without_a_near_one_points_to_the_list() -> None:
    assert refusals({"EVA_XQZJ_WWW": "1"}) == (
        "EVA_XQZJ_WWW: no such setting; `docs/settings.md` lists all",
    )


def test_names_of_other_programs_are_not_ours_to_refuse() -> None:
    assert Settings.load({"EVALUATE": "1", "PATH": "/bin", "eva_port": "x"}).port == 8000


@pytest.mark.parametrize("name", [n for n in known_names() if n.startswith("EVA_")])
def test_no_documented_name_is_unknown(name: str) -> None:
    assert Settings.load({name: ""}) == Settings()


@pytest.mark.parametrize("name", RETIRED)
def test_names_that_stand_for_nothing_any_more_still_start(name: str) -> None:
    assert Settings.load({name: "anything"}) == Settings()


@pytest.mark.parametrize(
    ("name", "least", "most"),
    [
        ("EVA_PORT", "0", "65535"),
        ("EVA_MAX_UPLOAD_MB", "1", "4096"),
        ("EVA_MAX_WAIT_S", "0", "600"),
    ],
)
def test_bounds_are_inclusive(name: str, least: str, most: str) -> None:
    assert Settings.load({name: least}) != Settings.load({name: most})
    for outside in (f"-{1 + int(least)}", str(1 + int(most)), "nan", "1e999"):
        [problem] = refusals({name: outside})
        assert problem.startswith(f"{name}={outside}: must be a")


ON_AZURE = {
    "EVA_BACKEND": "azure",
    "COSMOS_DB_ENDPOINT": "https://eva.documents.azure.com",
    "AZURE_STORAGE_ACCOUNT_NAME": "evadocs",
    "AZURE_OPENAI_ENDPOINT": "https://eva.openai.azure.com",
    "AZURE_OPENAI_EMBEDDING_DEPLOYMENT_NAME": "text-embedding-3-small",
    "EVA_AUDIT_KEY": "vault:audit-key",
    "AZURE_KEY_VAULT_URL": "https://eva.vault.azure.net",
}


def test_the_azure_backend_says_all_that_it_lacks() -> None:
    named = [problem.split(":")[0] for problem in refusals({"EVA_BACKEND": "Azure"})]
    assert named == [
        "EVA_BACKEND=azure needs AZURE_COSMOS_ENDPOINT",
        "EVA_BACKEND=azure needs AZURE_OPENAI_ENDPOINT",
        "EVA_BACKEND=azure needs AZURE_OPENAI_EMBEDDING_DEPLOYMENT_NAME",
        "EVA_BACKEND=azure needs EVA_AUDIT_KEY",
        "EVA_BACKEND=azure needs AZURE_STORAGE_ACCOUNT_NAME or AZURE_STORAGE_CONNECTION_STRING",
    ]


def test_the_azure_backend_needs_no_key_and_no_chat_model() -> None:
    settings = Settings.load(ON_AZURE)
    assert (settings.backend, settings.cosmos_key, settings.openai_deployment) == (
        "azure",
        None,
        None,
    )


def test_a_reference_to_a_vault_needs_a_vault() -> None:
    without = {name: value for name, value in ON_AZURE.items() if "VAULT" not in name}
    assert refusals(without) == ("EVA_AUDIT_KEY: a reference to a vault needs AZURE_KEY_VAULT_URL",)


@pytest.mark.parametrize("placeholder", ["changeme", "Change-Me-123", "<key>", "your-key"])
def test_placeholder_secrets_are_refused_outside_development(placeholder: str) -> None:
    env = {"AZURE_COSMOS_KEY": placeholder}
    assert Settings.load(env).cosmos_key == placeholder
    [problem] = refusals({**env, "ENVIRONMENT": "production"})
    assert problem == "AZURE_COSMOS_KEY: a placeholder is no secret outside development"


def test_a_connection_string_of_another_account_is_refused() -> None:
    env = {"AZURE_STORAGE_CONNECTION_STRING": "AccountName=one;AccountKey=k"}
    assert Settings.load({**env, "AZURE_STORAGE_ACCOUNT_NAME": "one"}).storage_account_name == "one"
    [problem] = refusals({**env, "AZURE_STORAGE_ACCOUNT_NAME": "two"})
    assert "disagree" in problem


@pytest.mark.parametrize("one", [s for s in Settings.declared() if s.secret], ids=lambda s: s.field)
def test_a_secret_is_never_shown(one: Declared) -> None:
    # pragma: allowlist nextline secret
    secret = "hunter2=" * 4 if one.field != "audit_key" else b64encode(b"hunter2!" * 4).decode()
    settings = Settings.load({one.names[0]: secret})
    [shown] = [s for s in settings.effective() if s.name == one.names[0]]
    assert (shown.value, shown.source) == (MASK, one.names[0])
    assert secret not in repr(settings)


def test_secrets_that_disagree_are_not_shown_either() -> None:
    [problem] = refusals({"AZURE_COSMOS_KEY": "hunter2", "COSMOS_DB_KEY": "hunter3"})
    assert "hunter" not in problem


def test_effective_settings_say_where_they_come_from() -> None:
    shown = {s.name: (s.value, s.source) for s in Settings.load({"PORT": "81"}).effective()}
    assert shown["EVA_PORT"] == ("81", "PORT")
    assert shown["EVA_WORKER"] == ("true", "default")
    assert shown["EVA_EMBEDDER_LANGUAGES"] == ("en", "default")


def test_languages_are_a_list() -> None:
    assert Settings.load({"EVA_EMBEDDER_LANGUAGES": "FR, en"}).embedder_languages == ("fr", "en")
    [problem] = refusals({"EVA_EMBEDDER_LANGUAGES": "fr,de"})
    assert problem.endswith("must be any of en, fr, separated by commas")


def test_a_client_ignores_what_only_a_server_reads() -> None:
    client = ClientSettings.load({"EVA_URL": "https://eva.example/", "EVA_PORT": "nonsense"})
    assert client.url == "https://eva.example"


def test_no_two_settings_share_a_name_or_a_field() -> None:
    wanted = (*Settings.declared(), *ClientSettings.declared())
    assert len({one.field for one in wanted}) == len(wanted)
    assert len(set(known_names())) == len(known_names())


@given(st.dictionaries(st.sampled_from(known_names()), st.text(max_size=30), max_size=8))
def test_any_environment_is_accepted_or_refused_with_reasons(env: dict[str, str]) -> None:
    try:
        settings = Settings.load(env)
    except SettingsError as error:
        assert all(any(name in problem for name in env) for problem in error.problems)
    else:
        assert set(settings.sources.values()) <= set(env)


def test_trusted_issuers_are_shown_by_their_names() -> None:
    trusted = '[{"issuer": "https://a.example", "audiences": ["eva"], "tenants": {"t": "ten_t"}}]'
    settings = Settings.load({"EVA_OIDC_ISSUERS": trusted})
    [shown] = [one.value for one in settings.effective() if one.name == "EVA_OIDC_ISSUERS"]
    assert shown == "https://a.example"


@pytest.mark.parametrize("key", ["secret", "c2hvcnQ=", "é"])
def test_a_key_of_the_audit_trail_has_to_be_one(key: str) -> None:
    [problem] = refusals({"EVA_AUDIT_KEY": key})
    assert problem == ("EVA_AUDIT_KEY=********: must be 32 random bytes in base64, or vault:NAME")
