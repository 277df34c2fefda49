"""Pictures of changes: what is added, removed and changed, with and without the plan as it was."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from msgspec.structs import replace

from composegen import changes
from composegen.graph.model import Graph, Mark, Way
from composegen.impact.assess import assess
from composegen.impact.model import Effect
from composegen.manifest import owned
from composegen.picture import picture
from composegen.pipeline import Compiled
from tests.sampling import FOLDER, compile_text

TEXT = (FOLDER / "nfs-replicas" / "topology.yaml").read_text(encoding="utf-8")
FEWER = TEXT.replace("instances: 3", "instances: 2")
LOUDER = TEXT.replace("OLLAMA_KEEP_ALIVE: 30m", "OLLAMA_KEEP_ALIVE: 60m")
BARE = TEXT.split("gateway:")[0]


def result(text: str) -> Compiled:
    found = compile_text(text, folder=FOLDER / "nfs-replicas")
    assert found.tree is not None, found.findings
    return found


def change(old: str, new: str, *, known: bool = True) -> Graph:
    before, after = result(old), result(new)
    assert before.tree is not None
    assert after.tree is not None
    assert after.plan is not None
    plan = before.plan if known else None
    made = changes.compare(after.tree, before.tree, owned(before.tree))
    return picture(after.plan, plan, assess(made, after.plan, plan))


def marks(graph: Graph) -> dict[str, Mark]:
    """Whatever has a mark, by key; hosts by their names."""
    found = {node.key: node.mark for node in graph.nodes()} | {frame.host: frame.mark for frame in graph.frames}
    return {key: mark for key, mark in found.items() if mark is not Mark.NONE}


def lines(graph: Graph, mark: Mark) -> set[tuple[str, str]]:
    return {(edge.start, edge.end) for edge in graph.edges if edge.mark is mark}


@pytest.mark.slow
def test_nothing_changes() -> None:
    assert change(TEXT, TEXT).marks == ()
    assert change(TEXT, TEXT, known=False).marks == ()


@pytest.mark.slow
def test_one_more_instance() -> None:
    for known in (True, False):
        graph = change(FEWER, TEXT, known=known)
        assert marks(graph)["server84/ollama-3"] is Mark.ADDED
        assert marks(graph)["server80/the gateway"] is Mark.CHANGED
        assert "server84/ollama-2" not in marks(graph)
        assert ("server84/ollama-3", "server80/store models") in lines(graph, Mark.ADDED)
        assert ("server84/ollama-2", "server80/store models") not in lines(graph, Mark.ADDED)


@pytest.mark.slow
def test_one_instance_less() -> None:
    graph = change(TEXT, FEWER)
    assert marks(graph)["server84/ollama-3"] is Mark.REMOVED
    assert lines(graph, Mark.REMOVED) == {
        ("server80/the gateway", "server84/ollama-3"),
        ("server84/ollama-3", "server80/store models"),
    }
    unknown = change(TEXT, FEWER, known=False)
    assert marks(unknown)["server84/ollama-3"] is Mark.REMOVED
    assert lines(unknown, Mark.REMOVED) == set()
    assert [node.title for node in unknown.nodes() if node.mark is Mark.REMOVED] == ["ollama-3"]


@pytest.mark.slow
def test_what_is_recreated_is_changed() -> None:
    for known in (True, False):
        found = marks(change(TEXT, LOUDER, known=known))
        assert {key for key in found if key.startswith("server84/")} == {f"server84/ollama-{n}" for n in (1, 2, 3)}
        assert found["server80/ollama-1"] is Mark.CHANGED
        assert "server84" not in found, "nobody has to do anything on the host itself"


@pytest.mark.slow
def test_what_has_no_effect_hides_nothing_that_has_one() -> None:
    before, after = result(TEXT), result(LOUDER)
    assert before.tree is not None
    assert after.tree is not None
    assert after.plan is not None
    review = assess(changes.compare(after.tree, before.tree, owned(before.tree)), after.plan, before.plan)
    harmless = tuple(replace(impact, effect=Effect.NONE) for impact in review.impacts)
    graph = picture(after.plan, before.plan, replace(review, impacts=(*harmless, *review.impacts)))
    assert marks(graph) == marks(picture(after.plan, before.plan, review))


def test_another_model_changes_the_store() -> None:
    found = marks(change(TEXT, TEXT.replace("- llama2:7b", "- llama2:7b\n      - phi3:mini")))
    assert found["server80/store models"] is Mark.CHANGED


@pytest.mark.slow
def test_an_image_changes_no_store() -> None:
    for known in (True, False):
        found = marks(change(TEXT, TEXT.replace("ollama:0.32.15", "ollama:0.32.14"), known=known))
        assert found["server80/ollama-1"] is Mark.CHANGED
        assert "server80/store models" not in found


def test_a_modelfile_changes_the_store(tmp_path: Path) -> None:
    shutil.copytree(FOLDER / "nfs-replicas" / "models", tmp_path / "models")
    with (tmp_path / "models" / "assistant.Modelfile").open("a", encoding="utf-8") as file:
        file.write("PARAMETER temperature 0.1\n")
    before, after = result(TEXT), compile_text(TEXT, folder=tmp_path)
    assert before.tree is not None
    assert after.tree is not None
    assert after.plan is not None
    review = assess(changes.compare(after.tree, before.tree, owned(before.tree)), after.plan, None)
    assert marks(picture(after.plan, None, review))["server80/store models"] is Mark.CHANGED


@pytest.mark.slow
def test_another_model_in_place_of_one_changes_the_store() -> None:
    for known in (True, False):
        found = marks(change(TEXT, TEXT.replace("mistral:7b", "phi3:mini"), known=known))
        assert found["server80/store models"] is Mark.CHANGED


@pytest.mark.slow
def test_a_host_that_goes_takes_its_instances_with_it() -> None:
    alone = "\n".join(line for line in TEXT.splitlines() if "server84" not in line)
    for known in (True, False):
        graph = change(TEXT, alone, known=known)
        assert marks(graph)["server84"] is Mark.REMOVED
        assert marks(graph)["server84/ollama-1"] is Mark.REMOVED
        frame = next(frame for frame in graph.frames if frame.host == "server84")
        assert [node.title for node in frame.nodes] == ["ollama-1", "ollama-2", "ollama-3"]
    back = marks(change(alone, TEXT))
    assert back["server84"] is Mark.ADDED


@pytest.mark.slow
def test_a_gateway_that_moves_is_drawn_twice() -> None:
    graph = change(TEXT, TEXT.replace("gateway:\n  host: server80", "gateway:\n  host: server84"))
    assert marks(graph)["server80/the gateway"] is Mark.REMOVED
    assert marks(graph)["server84/the gateway"] is Mark.ADDED
    assert ("users", "server84/the gateway") in lines(graph, Mark.ADDED)
    assert ("users", "server80/the gateway") in lines(graph, Mark.REMOVED)


def test_a_weight_that_changes_changes_its_line() -> None:
    graph = change(TEXT, TEXT.replace("weight: 2", "weight: 5"))
    assert {end for _, end in lines(graph, Mark.CHANGED)} == {f"server84/ollama-{n}" for n in (1, 2, 3)}
    assert {edge.way for edge in graph.edges if edge.mark is Mark.CHANGED} == {Way.ASKS}


@pytest.mark.slow
def test_a_box_of_several_is_changed_when_one_of_them_is() -> None:
    many, more = (TEXT.replace("instances: 3", f"instances: {number}") for number in (45, 46))
    graph = change(many, more)
    assert marks(graph)["server84/ollama"] is Mark.CHANGED
    assert all(mark is not Mark.REMOVED for mark in marks(graph).values())


@pytest.mark.slow
def test_keys_stay_unique() -> None:
    for graph in (change(TEXT, BARE), change(BARE, TEXT), change(TEXT, FEWER, known=False)):
        keys = [node.key for node in graph.nodes()]
        assert len(keys) == len(set(keys))
