"""For who develops against the API: `eva openapi`, `eva dev-issuer`."""

import asyncio
import json
from typing import Annotated

import typer

from app.cli.screen import Screen
from app.core.errors import SetupError
from app.core.models import DEFAULT_TENANT
from app.settings import Settings


def dev_issuer(
    port: Annotated[int, typer.Option(min=1, max=65535, help="Listen on this port.")] = 8400,
) -> None:
    """Run an issuer of access tokens for development: loopback only, a new key each time."""
    from app.wiring import run_dev_issuer

    settings = Settings.load()
    url = f"http://127.0.0.1:{port}"
    trust = [{"issuer": url, "audiences": ["eva-api"], "tenants": {DEFAULT_TENANT: DEFAULT_TENANT}}]
    screen = Screen()
    screen.say(f"Start the service with\n\n  EVA_OIDC_ISSUERS='{json.dumps(trust)}' eva serve\n")
    ask = f"-d grant_type=client_credentials -d roles=reader -d tid={DEFAULT_TENANT}"
    screen.say(f"and get a token with\n\n  curl {ask} {url}/token\n")
    try:
        asyncio.run(run_dev_issuer(settings, port))
    except ValueError as refused:
        raise SetupError(str(refused)) from None


def openapi(
    *,
    table: Annotated[
        bool, typer.Option("--table", help="Print a Markdown table of the operations instead.")
    ] = False,
) -> None:
    """Print the OpenAPI document of the API."""
    from app.main import create_app

    document = create_app(Settings()).openapi()
    if table:
        from app.cli.operations import page

        print(page(document), end="")
    else:
        Screen(as_json=True).data(document)
