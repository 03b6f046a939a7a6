from pathlib import Path

from app.cli import checks
from app.settings import Settings
from tests.app.adapters.embedding.tiny_model import write_model
from tests.app.cli.running import Eva


def test_problems_come_first_with_what_to_do(eva: Eva) -> None:
    ran = eva("doctor", EVA_PROT="1", EVA_LOG_LEVEL="loud")
    first, second, third = ran.out.splitlines()[:3]
    assert ran.code == 1
    assert first == "3 to mend"
    assert second == "  settings: EVA_LOG_LEVEL=loud: must be debug, info, warning, error"
    assert third == "    → correct it"
    assert "did you mean EVA_PORT?" in ran.out
    assert "did not answer" in ran.out


def test_settings_are_shown_with_their_source_and_secrets_masked(eva: Eva) -> None:
    ran = eva("doctor", "--json", PORT="8123", EVA_API_KEY="eva_a_secret", REDIS_PASSWORD="hush")
    shown = {one["name"]: (one["value"], one["source"]) for one in ran.data["settings"]}
    assert shown["EVA_PORT"] == ("8123", "PORT")
    assert shown["EVA_API_KEY"] == ("********", "EVA_API_KEY")
    assert shown["REDIS_PASSWORD"] == ("********", "REDIS_PASSWORD")
    assert shown["EVA_WORKER"] == ("true", "default")
    assert "secret" not in ran.out
    assert "hush" not in ran.out


def test_settings_without_effect_are_shown_only_if_they_are_set(eva: Eva) -> None:
    name, value = "AZURE_COSMOS_ENDPOINT", "https://cosmos.example"
    assert name not in eva("doctor").out
    assert f"{name}\t{value}\t{name}" in eva("doctor", **{name: value}).out
    assert "EVA_MOCK_MODE has no effect: there is no mock" in eva("doctor", EVA_MOCK_MODE="1").out


def test_it_makes_nothing(eva: Eva) -> None:
    assert eva("doctor").code == 1
    assert list(eva.folder.iterdir()) == []


def named(name: str, found: list[checks.Finding]) -> checks.Finding:
    [one] = [finding for finding in found if finding.name == name]
    return one


def test_a_data_folder_that_cannot_be_made_is_a_problem(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    found = list(checks.service(Settings(data_dir=tmp_path / "file" / "data")))
    assert named("data folder", found).remedy == "make it writable, or set EVA_DATA_DIR"
    found = list(checks.service(Settings(data_dir=tmp_path / "new" / "data")))
    assert not named("data folder", found).bad


def test_an_embedder_is_tried(tmp_path: Path) -> None:
    folder = write_model(tmp_path / "model")
    settings = Settings(embedder_dir=folder, embedder_languages=("en", "fr"))
    finding = named("embedder", list(checks.service(settings)))
    assert finding.found.startswith(f"{folder} for en, fr (model ")
    assert not finding.bad
    (folder / "model.onnx").write_bytes(b"no model")
    finding = named("embedder", list(checks.service(settings)))
    assert f"{folder}/model.onnx can't be used" in finding.found
    assert finding.remedy == "correct EVA_EMBEDDER_DIR, or unset it"


def test_full_text_search_is_looked_for(tmp_path: Path) -> None:
    found = list(checks.service(Settings(data_dir=tmp_path)))
    assert "with full-text search (FTS5)" in named("sqlite", found).found
