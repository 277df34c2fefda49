"""Sections of the topology as values: what makes two equal, what they print, and what cannot be left out."""

from __future__ import annotations

import pytest

from composegen.topology import EntryPoint, HostGpus, Init, Placement, Service, ServiceDefaults


def test_where_a_section_stands_makes_no_other_one_of_it() -> None:
    here, there = (Placement(instances=2, origin=("hosts", name)) for name in ("here", "there"))
    assert here == there
    assert hash(here) == hash(there)
    assert here != Placement(instances=3, origin=("hosts", "here"))


def test_sections_of_two_kinds_are_never_equal() -> None:
    assert Placement() != Init()


def test_a_section_prints_what_it_states() -> None:
    assert repr(EntryPoint(name="web", port=80, origin=("gateway",))) == "EntryPoint(name='web', port=80)"


def test_what_is_declared_without_a_default_must_be_stated() -> None:
    with pytest.raises(TypeError, match="vendor"):
        HostGpus(devices=("0",))


def test_what_is_declared_comes_in_order_and_is_inherited() -> None:
    assert list(EntryPoint.SAID) == ["name", "port"]
    assert list(Service.SAID) == list(ServiceDefaults.SAID)
