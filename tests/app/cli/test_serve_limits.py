import time
from pathlib import Path

import httpx2

from tests.app.cli.serving import serving


def in_one_minute(url: str) -> list[httpx2.Response]:
    """Ask a dozen times between two minutes, with which the count begins anew."""
    minute = time.time() // 60
    answers = [
        httpx2.get(f"{url}/livez", headers={"X-Forwarded-For": f"198.51.100.{n}"}, timeout=60)
        for n in range(12)
    ]
    return answers if minute == time.time() // 60 else in_one_minute(url)


def test_a_server_takes_nobodys_word_for_an_address(tmp_path: Path) -> None:
    with serving(tmp_path, EVA_ADDRESS_LIMIT="5") as served:
        # From the loopback address a server's own reading of the header would believe it.
        answers = in_one_minute(served.url)
    assert 429 in [one.status_code for one in answers[:6]]
    assert {one.status_code for one in answers[6:]} == {429}
    assert {one.json()["code"] for one in answers[6:]} == {"rate-limited"}
