"""Every field of the language occurs in a sample, and all but the alternatives of a field in kitchen-sink."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from composegen import shapes
from composegen.fields import Section
from composegen.topology import Service, ServiceDefaults, Topology
from tests.sampling import SAMPLES, compiled

Field = tuple[str, str]

ALTERNATIVES = {("Tls", "resolver")}
"""Fields that cannot stand beside those that kitchen-sink has."""


def all_fields() -> set[Field]:
    # What stands under `defaults` is what stands under a service.
    kinds = set(shapes.sections(Topology)) - {ServiceDefaults}
    return {(kind.__name__, field.name) for kind in kinds for field in shapes.declared(kind)}


def stated(sample: str) -> set[Field]:
    """The fields that the text of a sample states, by the sections that were built from it."""
    result = compiled(sample)
    assert result.topology is not None
    assert result.document is not None
    keys = set(result.document.keys)
    return {
        (type(section).__name__, field.name)
        for section in below(result.topology)
        for field in shapes.declared(type(section))
        if section.at(field.name) in keys
        or (isinstance(section, Service) and ("defaults", field.name) in keys)
        # A short form states the one field that it stands for.
        or (field.name == type(section).SHORT and section.origin and not any(k[:-1] == section.origin for k in keys))
    }


def below(value: Any) -> Iterator[Section]:
    if isinstance(value, Section):
        yield value
        for name in value.__struct_fields__:
            if name != "origin":
                yield from below(getattr(value, name))
    elif isinstance(value, Mapping):
        for item in value.values():
            yield from below(item)
    elif isinstance(value, tuple):
        for item in value:
            yield from below(item)


@pytest.mark.slow
def test_the_kitchen_sink_has_every_field() -> None:
    assert all_fields() - stated("kitchen-sink") == ALTERNATIVES


@pytest.mark.parametrize("field", sorted(ALTERNATIVES))
def test_an_alternative_is_in_another_sample(field: Field) -> None:
    assert any(field in stated(sample) for sample in SAMPLES)
