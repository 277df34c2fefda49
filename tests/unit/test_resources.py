from __future__ import annotations

import json
from pathlib import Path

import pytest

from composegen.errors import ComposegenError
from composegen.io import resources

CHECKOUT = Path(__file__).parents[2]


def test_a_checkout_is_read_in_place() -> None:
    assert resources.root() == CHECKOUT


def test_a_wheel_carries_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "_data").mkdir()
    monkeypatch.setattr(resources, "_PACKAGE", tmp_path)
    assert resources.root() == tmp_path / "_data"


def test_templates_are_named_by_their_path() -> None:
    templates = resources.templates()
    assert templates
    for name, text in templates.items():
        assert (CHECKOUT / "templates" / name).read_text(encoding="utf-8") == text


def test_the_compose_schema_is_at_hand() -> None:
    assert "service" in resources.compose_schema()["$defs"]


def test_the_topology_schema_is_the_shipped_file() -> None:
    assert json.loads(resources.schema_text()) == resources.schema()


def test_samples_are_folders_with_a_topology() -> None:
    assert set(resources.samples()) == {path.parent.name for path in CHECKOUT.glob("samples/*/topology.yaml")}


def test_a_sample_is_what_a_user_writes() -> None:
    for name in resources.samples():
        files = resources.sample(name)
        assert "topology.yaml" in files
        assert not [path for path in files if path.startswith("expected/") or path == "README.md"]


@pytest.mark.parametrize("name", ["nope", "..", "../samples/minimal", ""])
def test_no_other_sample(name: str) -> None:
    with pytest.raises(ComposegenError, match="there is no sample"):
        resources.sample(name)
