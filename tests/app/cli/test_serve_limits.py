from pathlib import Path

import httpx2
import pytest

from tests.app.cli.serving import serving

pytestmark = pytest.mark.usefixtures("one_minute")


def test_a_server_takes_nobodys_word_for_an_address(tmp_path: Path) -> None:
    with serving(tmp_path, EVA_ADDRESS_LIMIT="5") as served:
        # From the loopback address a server's own reading of the header would believe it.
        answers = [
            httpx2.get(f"{served.url}/livez", headers={"X-Forwarded-For": f"198.51.100.{n}"})
            for n in range(12)
        ]
        assert 429 in [one.status_code for one in answers[:6]]
        assert {one.status_code for one in answers[6:]} == {429}
        assert {one.json()["code"] for one in answers[6:]} == {"rate-limited"}
