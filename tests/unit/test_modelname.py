"""Model names: what Ollama takes, what it takes for the same, and what is wrong with the others."""

from __future__ import annotations

import pytest

from composegen.modelname import fault, key, parse


@pytest.mark.parametrize(
    "name",
    [
        "mistral",
        "mistral:7b",
        "Mistral:7B-Instruct",
        "llama3.2:3b-instruct-q4_K_M",
        "team/coder",
        "hf.co/someone/Some-Model-GGUF:Q4_K_M",
        "registry.example:5000/team/coder:7b",
        "localhost:5000/team/coder",
        "_/_:_",
        "m" * 80 + ":" + "t" * 80,
        "h" * 350 + "/" + "n" * 80 + "/m",
    ],
)
def test_what_ollama_takes(name: str) -> None:
    assert fault(name) is None


@pytest.mark.parametrize(
    ("name", "part"),
    [
        ("", "no model"),
        ("mistral:", "empty tag"),
        ("team/:7b", "no model"),
        ("/mistral", "empty part"),
        ("a//b", "empty part"),
        ("mistral 7b", "` ` in its model"),
        ("mistral:7 b", "` ` in its tag"),
        ("mistral:7b:8b", "`:` in its model"),
        ("te.am/coder", "between the registry"),
        ("registry:5000/coder", "between the registry"),
        ("registry.example/te.am/coder", "`.` in its namespace"),
        ("a/b/c/d", "too many parts"),
        ("-mistral", "begins with `-`"),
        ("mistral:.7b", "begins with `.`"),
        ("mistral@sha256:0123", "`@`"),
        ("http://registry.example/team/coder", "http://"),
        ("https://hf.co/team/coder", "https://"),
        ("m" * 81, "81 characters"),
        ("mistral:" + "t" * 81, "tag of 81"),
        ("h" * 351 + "/n/m", "host of 351"),
        ("modèle", "`è`"),
        ("mistral\n", "in its model"),
    ],
)
def test_the_part_that_is_wrong_is_named(name: str, part: str) -> None:
    assert part in (fault(name) or "")


@pytest.mark.parametrize(
    "name",
    [
        "mistral",
        "Mistral",
        "mistral:latest",
        "library/mistral",
        "registry.ollama.ai/library/mistral:latest",
        "REGISTRY.OLLAMA.AI/Library/MISTRAL:Latest",
    ],
)
def test_names_of_one_model_have_one_key(name: str) -> None:
    assert key(name) == key("mistral")
    assert parse(name).in_library
    assert parse(name).short.lower() == "mistral:latest"


@pytest.mark.parametrize("name", ["mistral:7b", "team/mistral", "hf.co/library/mistral", "mistra"])
def test_other_models_have_other_keys(name: str) -> None:
    assert key(name) != key("mistral")


def test_the_port_of_a_registry_is_no_tag() -> None:
    name = parse("registry.example:5000/team/coder")
    assert (name.host, name.namespace, name.model, name.tag) == ("registry.example:5000", "team", "coder", "latest")
    assert not name.in_library
    assert name.short == "registry.example:5000/team/coder:latest"


def test_a_model_of_somebody_on_the_default_registry_is_listed_without_it() -> None:
    assert parse("someone/model").short == "someone/model:latest"
