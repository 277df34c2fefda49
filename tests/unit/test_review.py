"""What the views of a review say beside its table: the same in every format, and once where hosts are alike."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import PurePosixPath

import pytest
from msgspec.structs import replace

from composegen.changes import Action
from composegen.findings import Location, Span
from composegen.impact.model import Capacity, Difference, Effect, HostAction, Impact, Rename, Review, Risk, When
from composegen.report.review import About, markdown, text

HOSTS = tuple(f"h{number:03}" for number in range(200))
ABOUT = About(
    name="topology.yaml",
    after="deploy",
    locate=lambda _: Span(line=7, column=1, end_line=7, end_column=2),
    next="composegen render",
)
TOUCHED = tuple(
    Impact(
        host=host, file=PurePosixPath(host, "compose.yaml"), action=Action.UPDATE, effect=Effect.RECREATE, subject="a"
    )
    for host in HOSTS
)


def screen(review: Review) -> str:
    return text.report(review, ABOUT)


def comment(review: Review) -> str:
    return markdown.report(review, ABOUT, None, 60_000)


every_view = pytest.mark.parametrize("view", [screen, comment])
View = Callable[[Review], str]


def lines(shown: str, words: str) -> list[str]:
    return [line for line in shown.splitlines() if words in line]


def action(host: str, command: str, when: When = When.BEFORE_UP) -> HostAction:
    return HostAction(host=host, command=command, reason="it must", when=when)


def capacity(service: str, serving: int, *, afterwards: int = 2) -> Capacity:
    return Capacity(
        service=service, serving=serving, total=3, at_once=0, afterwards=afterwards, how="", hosts=frozenset(HOSTS)
    )


@every_view
def test_a_command_of_many_hosts_is_one_step(view: View) -> None:
    actions = (*(action(host, "sh a") for host in HOSTS), *(action(host, "sh b", When.AFTER_UP) for host in HOSTS))
    shown = view(Review(impacts=TOUCHED, actions=actions))
    (first,), (second,) = lines(shown, "sh a"), lines(shown, "sh b")
    assert first.lstrip().startswith("1. h000 and 199 more: ")
    assert second.lstrip().startswith("2. h000 and 199 more: ")
    assert "200 recreate, 2 steps on hosts, 0 unchanged" in shown


def test_a_comment_says_when_once() -> None:
    actions = (action("h000", "sh a"), action("h000", "sh b"), action("h001", "sh c", When.AFTER_UP))
    shown = comment(Review(impacts=TOUCHED, actions=actions))
    assert "<summary>On the hosts: 3 steps</summary>" in shown
    assert len(lines(shown, "With the new files, before")) == len(lines(shown, "After `docker compose up`")) == 1
    assert [line.partition(":")[0] for line in lines(shown, "(it must)")] == ["1. h000", "2. h000", "3. h001"]


@every_view
def test_data_of_many_hosts_in_danger_is_one_alarm_and_comes_first(view: View) -> None:
    command = "docker volume rm a"
    light = (Risk(host=host, message=f"look here: {command}", command=command, grave=False) for host in HOSTS)
    grave = (Risk(host=host, message="it may be lost", cause=Location(path=("x",))) for host in HOSTS)
    shown = view(Review(impacts=TOUCHED, risks=(*light, *grave)))
    (first,), (second,), (copied,) = (lines(shown, words) for words in ("may be lost", "look here:", command))
    assert "h000 and 199 more: it may be lost (" in first
    assert "topology.yaml:7" in first
    assert "data " in first.lower().replace(":**", "")
    assert "data " not in second.lower().replace(":**", "")
    assert shown.index(first) < shown.index(second) <= shown.index(copied)
    assert shown.count("look here: ") + shown.count("look here:\n") == 1


@every_view
def test_what_answers_nobody_is_named(view: View) -> None:
    one = view(Review(impacts=TOUCHED, capacities=(capacity("b", 1), capacity("a", 0))))
    (line,) = lines(one, " while ")
    assert line.replace("`", "").strip().rstrip(".") == "a: answers nobody while it is replaced"
    several = view(Review(impacts=TOUCHED, capacities=tuple(capacity(name, 0) for name in "abcde")))
    (line,) = lines(several, " while ")
    assert line.replace("`", "").strip().rstrip(".") == "a, b, c, d, e: answer nobody while they are replaced"


@every_view
def test_how_many_serve_is_said(view: View) -> None:
    shown = view(
        Review(
            impacts=TOUCHED,
            capacities=(
                capacity("a", 1),
                capacity("b", 2),
                capacity("c", 0, afterwards=0),
                capacity("d", 1, afterwards=3),
            ),
        )
    ).replace("`", "")
    assert "a: 1 of 3 serve meanwhile; all hosts at once: 0; 2 afterwards" in shown
    assert "b: 2 serve instead of 3" in shown
    assert "c: serves no longer" in shown
    assert "d: 1 of 3 serve meanwhile; all hosts at once: 0" in shown
    assert "d: 1 of 3 serve meanwhile; all hosts at once: 0;" not in shown


@every_view
def test_files_of_others_and_edited_ones_are_marked(view: View) -> None:
    edited = {PurePosixPath("h000/compose.yaml"): 1, PurePosixPath("h001/compose.yaml"): 2}
    shown = view(Review(impacts=TOUCHED, edited=edited, foreign=(PurePosixPath("h002/compose.yaml"),))).replace("`", "")
    for words in (
        "h000/compose.yaml was edited by hand since the last render (1 line)",
        "h001/compose.yaml was edited by hand since the last render (2 lines)",
        "h002/compose.yaml is in the way: composegen did not write it",
    ):
        assert len(lines(shown, words)) == 1


@every_view
def test_names_are_said_to_be_other_ones(view: View) -> None:
    renames = (
        Rename(host="", before="old", after="new"),
        *(Rename(host=host, before="a-1", after="b-1") for host in HOSTS),
        *(Rename(host="k", before=f"a-{number}", after=f"b-{number}") for number in (1, 2)),
    )
    shown = view(Review(impacts=TOUCHED, renames=renames)).replace("`", "")
    for words in (
        "old is called new now",
        "a-1 on h000 and 199 more is called b-1 now",
        "a-1 to 2 on k are called b-1 to 2 now",
    ):
        assert len(lines(shown, words)) == 1


@every_view
def test_of_many_differences_the_first_five_are_told(view: View) -> None:
    told = tuple(Difference(path=(name,), before=1, after=2, summary=f"{name} 1 -> 2") for name in "abcdefg")
    shown = view(Review(impacts=(replace(TOUCHED[0], differences=told),))).replace("&gt;", ">")
    assert [name for name in "abcdefg" if lines(shown, f"{name} 1 -> 2")] == ["a", "b", "c", "d", "e"]
    assert len(lines(shown, "and 2 more: --patch shows all")) == 1
