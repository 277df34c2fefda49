"""The schema with the names of one topology: it offers them and refuses nothing."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from composegen import own_names, schema
from composegen.errors import ExitCode
from tests.invoking import Make, Run


def tailored(**names: tuple[str, ...]) -> Any:
    return own_names.tailored(schema.generate(), names)


def test_names_are_those_of_the_sections_that_are_mappings() -> None:
    found = own_names.names({"hosts": {"box": None, 7: {}}, "stores": ["wrong"], "apps": {"web": {}}})
    assert found == {"hosts": ("box", "7")}
    assert own_names.names(None) == {}


def test_a_value_offers_the_names() -> None:
    whole = tailored(hosts=("box", "nas"), stores=("fast",))
    assert whole["$defs"]["Service"]["properties"]["store"]["examples"] == ["fast"]
    assert whole["$defs"]["Gateway"]["properties"]["host"]["examples"] == ["box", "nas"]


def test_a_mapping_offers_them_as_keys() -> None:
    hosts = tailored(hosts=("box",))["$defs"]["Service"]["properties"]["hosts"]
    assert hosts["properties"] == {"box": hosts["additionalProperties"]}


@pytest.mark.slow
def test_nothing_is_refused_that_was_admitted() -> None:
    whole = tailored(hosts=("box",), stores=("fast",), services=("chat",))
    new = {
        "name": "demo",
        "hosts": {"other": {"address": "10.0.0.1"}},
        "stores": {"slow": {"kind": "volume"}},
        "services": {"talk": {"store": "slow", "hosts": {"other": 1}}},
    }
    Draft202012Validator.check_schema(whole)
    assert not list(Draft202012Validator(whole).iter_errors(new))


def test_without_names_nothing_changes() -> None:
    assert tailored() == schema.generate()


def test_the_command_prints_either(run: Run, tree: Make) -> None:
    tree({"topology.yaml": "hosts:\n  box: {}\n", "not yet.yaml": "a: [\n"})
    general, own, broken = run("schema"), run("schema", "topology.yaml"), run("schema", "not yet.yaml")
    assert gateway(general.out)["examples"] == ["server80"]
    assert gateway(own.out)["examples"] == ["box"]
    assert broken.code == ExitCode.FAILED
    assert "composegen validate 'not yet.yaml' says why" in broken.err
    assert not Path("topology.schema.json").exists()


def gateway(text: str) -> Mapping[str, Any]:
    found: Mapping[str, Any] = json.loads(text)["$defs"]["Gateway"]["properties"]["host"]
    return found
