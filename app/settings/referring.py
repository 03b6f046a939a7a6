"""Secrets that a setting only refers to: `vault:NAME` is kept in the key vault."""

from base64 import b64decode

from app.settings.declaring import Form

VAULT = "vault:"
_SEED_BYTES = 32


def reference(secret: str) -> str | None:
    """Return the name of the secret in the vault that a setting refers to, if it does."""
    return secret.removeprefix(VAULT) if secret.startswith(VAULT) else None


def seed() -> Form[str]:
    """Take a signing key, or a reference to it."""

    def read(raw: str) -> str:
        if reference(raw) is None and len(b64decode(raw, validate=True)) != _SEED_BYTES:
            raise ValueError(raw)
        return raw

    return Form(read, f"{_SEED_BYTES} random bytes in base64, or {VAULT}NAME")
