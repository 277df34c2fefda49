"""What a set-up takes of memory and disk, as far as anybody knows."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from msgspec import Struct

from composegen import catalogue
from composegen.fields import bytes_of
from composegen.plan import HostPlan
from composegen.topology import Model


class MemoryRow(Struct, frozen=True, kw_only=True):
    """The memory of one service on one host; None for limit and total where there is no limit."""

    service: str
    instances: int
    limit: str | None
    total: str | None


class ModelRow(Struct, frozen=True, kw_only=True):
    """One model: its size on disk and the memory that it is said to need; "" where nobody knows."""

    name: str
    size: str
    memory: str
    built: bool


def memory_rows(host: HostPlan) -> Iterator[MemoryRow]:
    """The services of a host, each once."""
    for service in dict.fromkeys(instance.service.name for instance in host.instances):
        found = [instance for instance in host.instances if instance.service.name == service]
        limit = found[0].service.memory
        yield MemoryRow(
            service=service,
            instances=len(found),
            limit=limit,
            total=_gibibytes(bytes_of(limit) * len(found)) if limit else None,
        )


def memory_total(host: HostPlan) -> str | None:
    """What all instances of a host take when they are busy; None where one of them has no limit."""
    limits = [instance.service.memory for instance in host.instances]
    stated = [bytes_of(limit) for limit in limits if limit]
    return _gibibytes(sum(stated)) if stated and len(stated) == len(limits) else None


def model_row(model: Model) -> ModelRow:
    """A model with what is known of it."""
    size, memory = size_of(model), None if model.modelfile else catalogue.ram_of(model.name)
    return ModelRow(
        name=model.name,
        size=_gigabytes(size) if size else "",
        memory=_gibibytes(memory) if memory else "",
        built=model.modelfile is not None,
    )


def size_of(model: Model) -> int | None:
    """The bytes of a model on disk; None for one that the catalogue does not know, or that a Modelfile builds."""
    return None if model.modelfile else catalogue.size_of(model.name)


def total_size(models: Iterable[Model]) -> str:
    """The size of all models that have a known one; "" when none has."""
    sizes = [size for model in models if (size := size_of(model))]
    return _gigabytes(sum(sizes)) if sizes else ""


def _gigabytes(size: int) -> str:
    """Disk sizes are decimal, as Ollama states them."""
    return f"{size / 10**9:.1f} GB"


def _gibibytes(size: int) -> str:
    """Memory sizes are binary, as Docker takes them."""
    return f"{size / 2**30:.1f}".removesuffix(".0") + " GiB"
