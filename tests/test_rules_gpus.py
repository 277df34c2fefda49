"""GPUs: who asks for what is not there, and who shares without saying so."""

from __future__ import annotations

import pytest

from tests.ruling import places, related, said


def topology(services: str, gpus: str = '{vendor: nvidia, devices: ["0", "1", "2", "3"]}') -> str:
    return f"name: demo\nhosts: {{box: {{address: 10.0.0.1, gpus: {gpus}}}}}\nservices: {services}\n"


@pytest.mark.parametrize(
    ("placement", "expected"),
    [
        ('{gpus: ["0", "7", "9"]}', ["services.a.hosts.box.gpus[1]", "services.a.hosts.box.gpus[2]"]),
        ("{gpus: one-each, instances: 5}", ["services.a.hosts.box.gpus"]),
        ("{gpus: 3, instances: 2}", ["services.a.hosts.box.gpus"]),
        ("{gpus: 2, instances: 2}", []),
        ("{gpus: one-each, instances: 4}", []),
        ("{gpus: all}", []),
        ("{gpus: none}", []),
        ("1", []),
    ],
)
def test_no_more_is_asked_for_than_the_host_has(placement: str, expected: list[str]) -> None:
    assert places("CG211", topology(f"{{a: {{hosts: {{box: {placement}}}}}}}")) == expected


def test_what_one_service_takes_is_gone_for_the_next() -> None:
    (finding,) = said(
        "CG211",
        topology("{a: {hosts: {box: {gpus: 3}}}, b: {hosts: {box: {port: 12000, gpus: one-each, instances: 2}}}}"),
    )
    assert finding.message == "service `b` asks for 2 GPUs of `box`, 1 is left"


def test_a_near_id_is_suggested() -> None:
    text = topology("{a: {hosts: {box: {gpus: [GPU-8a56c1d]}}}}", "{vendor: nvidia, devices: [GPU-8a56c1e]}")
    (finding,) = said("CG211", text)
    assert finding.hint == "did you mean `GPU-8a56c1e`?"


@pytest.mark.parametrize("gpus", ["all", "one-each", "1", '["0"]'])
def test_a_host_without_gpus_grants_none(gpus: str) -> None:
    text = f"name: d\nhosts: {{box: {{address: 10.0.0.1}}}}\nservices: {{a: {{hosts: {{box: {{gpus: {gpus}}}}}}}}}"
    assert places("CG211", text) == ["services.a.hosts.box.gpus"]


def test_a_host_without_gpus_needs_no_word_about_them() -> None:
    text = "name: d\nhosts: {box: {address: 10.0.0.1}}\nservices: {a: {hosts: {box: {gpus: none}}}}"
    assert places("CG211", text) == []
    assert places("CG213", text) == []


@pytest.mark.parametrize(
    ("services", "expected"),
    [
        ('{a: {hosts: {box: {instances: 2, gpus: ["0"]}}}}', ["services.a.hosts.box.gpus"]),
        ('{a: {hosts: {box: {instances: 2, gpus: ["0"], shared: true}}}}', []),
        ("{a: {hosts: {box: {gpus: all}}}, b: {hosts: {box: {gpus: all}}}}", ["services.b.hosts.box.gpus"]),
        ("{a: {hosts: {box: {gpus: all, shared: true}}}, b: {hosts: {box: {gpus: all, shared: true}}}}", []),
        ("{a: {hosts: {box: {gpus: all, shared: true}}}, b: {hosts: {box: {gpus: 1}}}}", ["services.b.hosts.box.gpus"]),
        ('{a: {hosts: {box: {gpus: ["0"]}}}, b: {hosts: {box: {gpus: ["1"]}}}}', []),
        ("{a: {hosts: {box: {gpus: all}}}, b: {hosts: {box: {gpus: none}}}}", []),
        ("{a: {hosts: {box: {instances: 2, gpus: one-each}}}, b: {hosts: {box: {gpus: 2}}}}", []),
    ],
)
def test_a_gpu_serves_one_instance_unless_all_agree(services: str, expected: list[str]) -> None:
    assert places("CG212", topology(services)) == expected


def test_many_common_gpus_are_one_finding() -> None:
    (finding,) = said("CG212", topology('{a: {hosts: {box: {gpus: all}}}, b: {hosts: {box: {gpus: ["1", "3"]}}}}'))
    assert finding.message == "GPU `1`, `3` of host `box` is promised to service `b` and to service `a`"
    assert related(finding) == ["services.a.hosts.box.gpus"]


def test_a_gpu_listed_twice_is_found_in_the_list() -> None:
    text = topology("{a: {hosts: {box: 1}}}", '{vendor: nvidia, devices: ["0", "1", "0"]}')
    assert places("CG212", text) == ["hosts.box.gpus.devices[2]"]


@pytest.mark.parametrize(
    ("services", "expected"),
    [
        ("{a: {hosts: {box: 1}}}", []),
        ("{a: {hosts: {box: 2}}}", ["services.a.hosts.box"]),
        ("{a: {hosts: {box: 1}}, b: {hosts: {box: {port: 12000, gpus: none}}}}", ["services.a.hosts.box"]),
        ("{a: {hosts: {box: {instances: 2, gpus: all}}}}", ["services.a.hosts.box.gpus"]),
        ("{a: {hosts: {box: {instances: 2, gpus: all, shared: true}}}}", []),
    ],
)
def test_who_is_not_alone_says_what_it_gets(services: str, expected: list[str]) -> None:
    assert places("CG213", topology(services)) == expected


@pytest.mark.parametrize(
    ("vendor", "mode", "fits"),
    [
        ("nvidia", "reservation", True),
        ("nvidia", "gpus", True),
        ("nvidia", "runtime", True),
        ("nvidia", "cdi", True),
        ("nvidia", "devices", False),
        ("amd", "devices", True),
        ("amd", "cdi", True),
        ("amd", "gpus", False),
        ("amd", "runtime", False),
        ("intel", "devices", True),
        ("intel", "cdi", False),
        ("intel", "reservation", False),
    ],
)
def test_each_vendor_has_its_modes(vendor: str, mode: str, *, fits: bool) -> None:
    text = topology("{a: {hosts: {box: 1}}}", f'{{vendor: {vendor}, devices: ["0"], mode: {mode}}}')
    assert places("CG214", text) == ([] if fits else ["hosts.box.gpus.mode"])
