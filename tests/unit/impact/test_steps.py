"""The order of commands on hosts."""

from __future__ import annotations

from composegen.impact.model import HostAction
from composegen.impact.steps import Phase, Step, ordered


def step(phase: Phase, host: str, command: str) -> Step:
    return Step(phase=phase, action=HostAction(host=host, command=command, reason="it must"))


def in_order(*steps: Step) -> list[tuple[str, str]]:
    return [(action.host, action.command) for action in ordered(steps)]


def test_phases_come_before_hosts() -> None:
    steps = (step(Phase.OPEN, "a", "x"), step(Phase.DOWN, "b", "y"), step(Phase.CLIENT, "c", "z"))
    assert in_order(*steps) == [("b", "y"), ("c", "z"), ("a", "x")]


def test_hosts_with_the_same_command_stand_together() -> None:
    steps = (step(Phase.GUARD, host, command) for host, command in (("a", "x"), ("b", "y"), ("c", "x"), ("d", "y")))
    assert in_order(*steps) == [("a", "x"), ("c", "x"), ("b", "y"), ("d", "y")]


def test_the_commands_of_a_host_stay_in_their_order() -> None:
    steps = (step(Phase.GUARD, host, command) for host, command in (("b", "y"), ("b", "x"), ("a", "x"), ("a", "y")))
    assert in_order(*steps) == [("a", "x"), ("b", "y"), ("a", "y"), ("b", "x")]
