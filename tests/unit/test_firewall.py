"""Whom the firewall of a host lets in, and on which hosts there is one."""

from __future__ import annotations

import pytest

from composegen.plan import Plan
from composegen.resolve.firewall import addresses, guards
from composegen.targets._firewall import LONGEST_CHAIN, chain_name, firewall_artifacts, unit_name
from composegen.targets._scripts import script_artifacts
from composegen.topology import Host
from tests import hostfiles_plans
from tests.planning import behind_a_gateway, plan_of


def guarded(plan: Plan, host: str = "box") -> list[tuple[str, int, int, tuple[str, ...], bool]]:
    return [(one.address, one.first, one.last, one.sources, one.containers) for one in guards(plan, plan.host(host))]


def files(plan: Plan) -> set[str]:
    return set(hostfiles_plans.render(firewall_artifacts(plan)))


def test_the_gateway_alone_is_let_in_to_what_it_routes() -> None:
    plan = behind_a_gateway()
    assert guarded(plan) == [("10.0.0.2", 11500, 11502, ("10.0.0.1",), False)]
    assert guarded(plan, "gate") == [("10.0.0.1", 11434, 11434, (), False)]
    assert files(plan) == {
        f"{host}/firewall/{name}" for host in ("box", "gate") for name in ("setup.sh", unit_name("demo"))
    }


def test_what_is_direct_gets_a_script_that_guards_nothing() -> None:
    plan = behind_a_gateway(chat=", direct: true")
    assert guarded(plan) == []
    assert files(plan) == {"box/firewall/setup.sh", "gate/firewall/setup.sh"}


def test_without_a_gateway_there_is_nothing() -> None:
    plan = plan_of("name: demo\nhosts: {box: {address: 10.0.0.2}}\nservices:\n  chat: {hosts: {box: 2}}\n")
    assert files(plan) == set()
    assert files(hostfiles_plans.plan(gateway=False)) == set()


def test_ports_on_loopback_need_no_guard() -> None:
    assert guarded(behind_a_gateway(box="address: 10.0.0.2, bind: 127.0.0.1")) == []


def test_a_gateway_of_the_users_may_be_in_a_container() -> None:
    assert guarded(behind_a_gateway(gateway=", traefik: {run: false}"), "gate") == [
        ("10.0.0.1", 11434, 11434, (), True)
    ]


APP = "apps: {page: {host: %s, needs: [chat], compose: {image: 'example/page:1.0'}}}"


def test_apps_are_let_in_where_they_go_past_a_gateway_with_tls() -> None:
    hosts = "address: 10.0.0.2}\n  third: {address: 10.0.0.3"
    assert guarded(behind_a_gateway(box=hosts, more=APP % "third"))[0][3] == ("10.0.0.1",)
    tls = ", tls: {resolver: le}"
    assert guarded(behind_a_gateway(box=hosts, gateway=tls, more=APP % "third"))[0][3] == ("10.0.0.1", "10.0.0.3")
    assert guarded(behind_a_gateway(gateway=tls, more=APP % "box"))[0][3:] == (("10.0.0.1",), True)


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ({"address": "10.0.0.1"}, ("10.0.0.1",)),
        ({"address": "10.0.0.1", "bind": "10.0.0.9"}, ("10.0.0.1", "10.0.0.9")),
        ({"address": "10.0.0.1", "bind": "0.0.0.0"}, ("10.0.0.1",)),  # noqa: S104 - that is the case
        ({"address": "gate.example", "bind": "10.0.0.9"}, ("10.0.0.9",)),
        ({"address": "gate.example", "bind": "::"}, ("gate.example",)),
    ],
)
def test_a_host_is_known_by_its_addresses_else_by_its_name(host: dict[str, str], expected: tuple[str, ...]) -> None:
    assert addresses(Host(name="gate", **host)) == expected  # type: ignore[arg-type]


def test_a_chain_has_a_name_that_the_kernel_takes() -> None:
    assert chain_name("ollama") == "composegen-ollama"
    first, second = chain_name("a" * 40), chain_name("a" * 41)
    assert first != second
    assert len(first) == len(second) == LONGEST_CHAIN


def book(plan: Plan) -> str:
    return hostfiles_plans.render(one for one in script_artifacts(plan) if one.path.name == "README.md")[
        "README.md"
    ].data.decode()


def test_the_run_book_says_who_is_answered() -> None:
    text = book(behind_a_gateway())
    assert "| `box` | `11500 to 11502` (chat) | `10.0.0.1` |" in text
    assert "| `gate` | `11434` (chat) | nobody |" in text
    assert text.index("sudo sh firewall/setup.sh") < text.index("docker compose up -d --wait")
    assert "leaves the ports of the instances open" not in text


def test_the_run_book_says_what_stays_open() -> None:
    text = book(behind_a_gateway(chat=", direct: true"))
    assert "`chat`: `direct: true` in the topology leaves the ports of the instances open" in text
    assert "everybody else is refused" not in text
    assert "sudo sh firewall/setup.sh" in text


def test_the_run_book_says_nothing_of_it_without_a_gateway() -> None:
    assert "firewall/setup.sh" not in book(hostfiles_plans.plan(gateway=False))
