import pytest

from tests.peers.real import REAL, choices, unnamed


@pytest.mark.parametrize("service", REAL)
def test_contracts_run_on_a_real_service_that_is_named(service: str) -> None:
    if absent := unnamed(service):
        pytest.skip(f"NOT RUN ON A REAL {service.upper()}: {', '.join(absent)} not set")
    assert service in choices(real=service)
