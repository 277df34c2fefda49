"""What docs/gitops.md shows is what its readers take: workflows, topologies, agents' files."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest
import yaml
from jsonschema import Draft7Validator

from tests import official
from tests.gitops.repository import composegen
from tests.gitops.steps import ACTION, CHECKOUT

PAGE = (CHECKOUT / "docs" / "gitops.md").read_text(encoding="utf-8")
BLOCKS: list[tuple[str, str]] = re.findall(r"^```(\w+)\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE)


def block(beginning: str) -> str:
    return next(text for _, text in BLOCKS if text.startswith(beginning))


@pytest.mark.parametrize(
    ("beginning", "schema"),
    [("# .github/workflows", "github-workflows"), ("# .gitlab-ci.yml", "gitlab-ci")],
)
def test_the_official_schemas_take_them(beginning: str, schema: str) -> None:
    # YAML 1.1 reads the key `on` as true.
    document = {{True: "on"}.get(key, key): value for key, value in yaml.safe_load(block(beginning)).items()}
    Draft7Validator(official.carried(schema)).validate(document)


def test_every_block_can_be_read() -> None:
    for language, text in BLOCKS:
        assert (tomllib.loads if language == "toml" else yaml.safe_load)(text)


@pytest.mark.slow
def test_the_topology_for_compose_farm_renders_its_file(tmp_path: Path) -> None:
    (tmp_path / "topology.yaml").write_text(block("name: ollama\nagents"))
    composegen(tmp_path, "render")
    farm = yaml.safe_load((tmp_path / "deploy" / "compose-farm.yaml").read_text())
    assert farm["compose_dir"] == "/opt/ollama"
    assert farm["stacks"] == {"server80": "server80", "server84": "server84"}


def test_every_input_of_the_action_is_explained() -> None:
    for name, about in yaml.safe_load(ACTION.read_text(encoding="utf-8"))["inputs"].items():
        row = next(line for line in PAGE.splitlines() if line.startswith(f"| `{name}` |"))
        assert str(about["default"]).startswith("${{") or not about["default"] or f"`{about['default']}`" in row
    include = next(yaml.safe_load_all((CHECKOUT / "gitlab" / "composegen.yml").read_text(encoding="utf-8")))
    for name in include["spec"]["inputs"]:
        assert f"`{name}`" in PAGE
