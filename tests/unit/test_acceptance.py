"""The quick verdict and the schema's are one: over mutants of the samples, valid and not."""

from __future__ import annotations

import copy
import random
from collections.abc import Iterator
from functools import cache
from typing import Any

import pytest

from composegen import acceptance, document, inheritance, schema, validation, variables
from composegen.io import resources
from tests.properties import mutations
from tests.sampling import FOLDER, SAMPLES, SMALLER

VALUES: tuple[Any, ...] = (
    *(None, True, False, 0, 1, -1, 1.0, 1.5, 65535, 65536, 10**9),
    *("", "a", "A b", "1", "10.0.0.1", "/srv/x", "../x", "a\n"),
    *("16GiB", "45m", "3.7.15", "x-y", "all", "each", "ollama/ollama:1", "é", [], ["a"], [1], {}, {"x-a": 1}, {"a": 1}),
    *({"secret": "NAME"}, {"kind": "nfs"}, {"kind": "volume"}, {"name": "a"}, {"instances": 2}, {"host": "box"}),
)
KEYS = ("", "a", "A", "x-a", "x", "name", "kind", "host", "instances", "port", "gpus", "models", "box", "a" * 64)


@cache
def whole_schema() -> Any:
    return schema.generate()


@cache
def validator() -> Any:
    return validation._Validator(whole_schema())  # the validator itself, with the meaning of `$` that it has there


def data(sample: str) -> Any:
    parsed, _ = document.parse(sample, (FOLDER / sample / "topology.yaml").read_bytes())
    assert parsed is not None
    return variables.substitute(parsed, {})[0].data


def places(value: Any) -> Iterator[tuple[Any, Any]]:
    """Every container with each of its keys."""
    for key in value if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else ():
        yield value, key
        yield from places(value[key])


def mutate(whole: Any, chance: random.Random) -> None:
    """One change somewhere: a value replaced or taken away, a key added or renamed, one part put in another's place."""
    found = list(places(whole))
    parent, key = chance.choice(found)
    match chance.randrange(5):
        case 0:
            parent[key] = copy.deepcopy(chance.choice(VALUES))
        case 1:
            del parent[key]
        case 2 if isinstance(parent, dict):
            parent[chance.choice(KEYS)] = copy.deepcopy(chance.choice(VALUES))
        case 3 if isinstance(parent, dict):
            parent[chance.choice(KEYS)] = parent.pop(key)
        case _:
            other, there = chance.choice(found)
            parent[key] = copy.deepcopy(other[there])


def disagreement(sample: str, seed: int) -> Any:
    """What the two see differently; None when they agree."""
    chance = random.Random(seed)  # noqa: S311 - no secret
    mutant = copy.deepcopy(data(sample))
    for _ in range(chance.randrange(1, 4)):
        mutate(mutant, chance)
    mutant = inheritance.effective(mutant)
    return mutant if acceptance.accepts(mutant) != validator().is_valid(mutant) else None


@pytest.mark.parametrize("sample", SAMPLES)
def test_a_sample_is_accepted(sample: str) -> None:
    whole = data(sample)
    assert acceptance.accepts(inheritance.effective(whole))


@pytest.mark.parametrize("sample", SMALLER)
def test_the_verdicts_agree(sample: str) -> None:
    start = random.SystemRandom().randrange(10**9)
    assert [(seed, found) for seed in range(start, start + 15) if (found := disagreement(sample, seed))] == []


@pytest.mark.slow
@pytest.mark.parametrize("sample", SAMPLES)
def test_the_verdicts_agree_over_many(sample: str) -> None:
    assert [(seed, found) for seed in range(600) if (found := disagreement(sample, seed))] == []


def told_apart(sample: str, seed: int) -> Any:
    """What is found only when the schema sees all of a mutant, or only when it sees what is suspect."""
    chance = random.Random(seed)  # noqa: S311 - no secret
    mutant = copy.deepcopy(data(sample))
    for _ in range(chance.randrange(1, 6)):
        mutate(mutant, chance)
    parsed, _ = document.parse(sample, mutations.dump(mutant).encode())
    if parsed is None:
        return None
    suspect = acceptance.suspect(inheritance.effective(parsed.data))
    whole = validation.validate(parsed, whole_schema(), resources.compose_schema)
    narrowed = validation.validate(parsed, whole_schema(), resources.compose_schema, suspect)
    return None if whole == narrowed else (whole, narrowed)


@pytest.mark.parametrize("sample", SMALLER)
def test_what_is_suspect_has_all_that_is_wrong(sample: str) -> None:
    start = random.SystemRandom().randrange(10**9)
    assert [(seed, found) for seed in range(start, start + 5) if (found := told_apart(sample, seed))] == []


@pytest.mark.slow
@pytest.mark.parametrize("sample", SAMPLES)
def test_what_is_suspect_has_all_that_is_wrong_over_many(sample: str) -> None:
    assert [(seed, found) for seed in range(500) if (found := told_apart(sample, seed))] == []


def test_what_fits_is_not_suspect() -> None:
    hosts = {"a": {"address": "10.0.0.1"}, "b": {"adress": "10.0.0.2"}, "C": {"address": "10.0.0.3"}}
    services = {"s": {"hosts": {"a": 1, "b": "x"}, "models": []}, "t": {"hosts": {"a": 1}}}
    assert acceptance.suspect({"name": "n", "hosts": hosts, "services": services, "stores": {}, "x": 1}) == {
        "name": "n",
        "hosts": {"b": hosts["b"], "C": hosts["C"]},
        "services": {"s": {"hosts": {"b": "x"}, "models": []}},
        "stores": {},
        "x": 1,
    }
    assert acceptance.suspect({"hosts": {"a": {"address": "10.0.0.1"}, "b": {"address": "10.0.0.2"}}}) == {
        "hosts": {"a": {"address": "10.0.0.1"}}
    }


def test_both_verdicts_occur() -> None:
    verdicts = set()
    for seed in range(40):
        mutant = copy.deepcopy(data("nfs-replicas"))
        mutate(mutant, random.Random(seed))  # noqa: S311 - no secret
        verdicts.add(acceptance.accepts(mutant))
    assert verdicts == {True, False}
