"""Every place where the service uses cryptography is in the inventory, with sound algorithms."""

import ast
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[2]
USES = tomllib.loads((ROOT / "security/cryptography.toml").read_text())["use"]
MODULES = {"hashlib", "hmac", "secrets", "ssl", "cryptography", "jwt", "Crypto", "nacl"}
SOUND = {
    *("SHA-256", "BLAKE2b", "CSPRNG", "Ed25519", "ECDSA P-256", "TLS"),
    "RSA-2048 or longer with SHA-256",
}
BROKEN = ("md5", "sha1", "DES", "RC4", "ECB")


def imported(tree: ast.Module) -> set[str]:
    """Return the first names of all modules that a file imports."""
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            found.add((node.module or "").partition(".")[0])
    return found


def test_every_use_of_cryptography_is_listed_once() -> None:
    using = {
        path.relative_to(ROOT).as_posix()
        for path in (ROOT / "app").rglob("*.py")
        if imported(ast.parse(path.read_text())) & MODULES
    }
    listed = [name for use in USES for name in use["files"]]
    assert len(using) > 20
    assert using == set(listed), "list it in security/cryptography.toml"
    assert len(listed) == len(set(listed))


def test_every_algorithm_is_sound_and_says_what_it_protects() -> None:
    for use in USES:
        assert set(use["algorithms"]) <= SOUND, use["purpose"]
        assert use["protects"].strip()


def test_no_file_names_a_broken_algorithm() -> None:
    for use in USES:
        for name in use["files"]:
            tree = ast.parse((ROOT / name).read_text())
            called = {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
            assert not called & set(BROKEN), name
