"""How the tests of engines are spread over processes, each of which has a lab of its own.

The tests of a module follow each other in one process. Where they are about several sites, or hosts, one after the
other, only those of one site do. What takes longest is begun first.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from xdist.scheduler import LoadScopeScheduling  # type: ignore[import-untyped]

if TYPE_CHECKING:
    import pytest

SITES = ("test_starts.py", "test_oldest_engine.py", "test_firewall.py")
"""Modules whose tests are about several sites: the first parameter says which."""

LONGEST = (
    "test_effects",
    "test_routes",
    "test_migrate",
    "test_nfs_machine",
    "test_rollout_by_host",
    "test_random_nfs_files",
)
"""Modules in the order in which they are begun; those not named come after them."""


class SideBySide(LoadScopeScheduling):  # type: ignore[misc]
    """Hands out what belongs together as a whole, in the order in which it was collected."""

    def _split_scope(self, nodeid: str) -> str:
        return together(nodeid)


def together(address: str) -> str:
    """What is the same for tests that one process has to run, by the address of one of them."""
    module, _, test = address.rpartition("/")[2].partition("::")
    site = test.partition("[")[2].removesuffix("]").partition("-values")[0]
    return f"{module} {site}" if module in SITES else module


def arrange(items: list[pytest.Item]) -> None:
    """Put them in the order in which they are begun."""
    items.sort(key=lambda item: LONGEST.index(item.path.stem) if item.path.stem in LONGEST else len(LONGEST))
