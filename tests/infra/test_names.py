import re

import pytest

from eva_infra.naming import RULES, WORKLOAD, Names, tags
from eva_infra.settings import STACKS, settings_of
from eva_infra.settings.regions import REGIONS


@pytest.mark.parametrize("kind", RULES)
@pytest.mark.parametrize("region", REGIONS)
def test_names_are_what_azure_accepts_in_every_region(kind: str, region: str) -> None:
    rule = RULES[kind]
    for stack in STACKS:
        made = Names(stack, region, "1/2/acme/eva").name(kind, "docs" if kind == "st" else "")
        assert len(made) <= rule.most
        assert re.fullmatch(rule.pattern, made)
        assert made.startswith(kind)
        assert WORKLOAD in made


def test_names_follow_the_adoption_framework() -> None:
    names = Names.of(settings_of("prod"))
    assert names.name("vnet") == "vnet-eva-prod-cac-001"
    assert names.name("snet", "service") == "snet-eva-prod-cac-service"
    assert re.fullmatch(r"cosno-eva-prod-cac-[0-9a-f]{5}", names.name("cosno"))
    assert re.fullmatch(r"stevaprodcacdocs[0-9a-f]{5}", names.name("st", "docs"))


def test_worldwide_names_differ_between_owners_only() -> None:
    ours, again, theirs = (
        Names("prod", "canadacentral", owner).name("kv") for owner in ("1/2/a", "1/2/a", "3/4/a")
    )
    assert ours == again
    assert ours != theirs


def test_a_name_that_azure_would_refuse_is_refused_here() -> None:
    names = Names.of(settings_of("staging"))
    with pytest.raises(ValueError, match="is no name for 'st'"):
        names.name("st", "documents")
    with pytest.raises(ValueError, match="is no name for 'vnet'"):
        names.name("vnet", "Under_Score")


def test_tags_say_whose_a_stack_is() -> None:
    assert tags(settings_of("dev")) == {
        "workload": "eva",
        "env": "dev",
        "owner": "platform-team",
        "cost-center": "eva-dev",
        "managed-by": "pulumi",
    }
