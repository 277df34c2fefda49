"""The catalogue: the sums that users read in the run book, and names in every form."""

from __future__ import annotations

import pytest

from composegen import catalogue
from composegen.catalogue import ram_of, size_of
from composegen.modelname import fault

SHARED = ("codellama:7b", "mistral:7b", "llama3.2:3b", "llama2:7b", "neural-chat")


def test_the_models_of_the_shared_volume_add_up_as_its_run_book_says() -> None:
    assert sum(size_of(name) or 0 for name in SHARED) == 17_700_000_000


@pytest.mark.parametrize(
    "name", ["mistral", "Mistral:7b", "library/mistral:latest", "registry.ollama.ai/library/mistral"]
)
def test_a_model_is_found_under_each_of_its_names(name: str) -> None:
    assert size_of(name) == 4_100_000_000
    assert ram_of(name) == 8 * 2**30


@pytest.mark.parametrize("name", ["team/mistral", "hf.co/library/mistral", "mistral:1b", "no-such-model", "", "a b"])
def test_what_is_not_listed_has_no_size(name: str) -> None:
    assert size_of(name) is None
    assert ram_of(name) is None


@pytest.mark.parametrize(
    ("name", "gibibytes"), [("mistral:7b", 8), ("llama2:7b", 8), ("llama2:13b", 16), ("codellama:34b", 32)]
)
def test_the_memory_that_is_said_to_be_needed_is_more_than_the_weights(name: str, gibibytes: int) -> None:
    assert ram_of(name) == gibibytes * 2**30
    assert (ram_of(name) or 0) > (size_of(name) or 0) > 0


def test_every_entry_is_a_model_name_and_can_be_looked_up() -> None:
    for name in catalogue.known():
        assert fault(name) is None
        assert 10**7 < (size_of(name) or 0) < 10**12


def test_latest_stands_for_a_tag_that_is_listed() -> None:
    for model, tag in catalogue._LATEST.items():
        assert size_of(model) == size_of(f"{model}:{tag}") is not None
