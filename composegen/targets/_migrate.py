"""`migrate-models.sh` of each host that writes a store into which old volumes or folders move.

What the script does is the business of its template; here stands only what it is told: stores, writers, sources.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import PurePosixPath

from composegen.artifacts import Artifact, Syntax
from composegen.plan import HostPlan, Plan


def migrate_artifacts(plan: Plan) -> Iterator[Artifact]:
    """One script for each host with something to migrate; none where no service states `migrate_from`."""
    for host in plan.hosts:
        if host.migrations:
            yield Artifact(
                path=PurePosixPath(host.name, "migrate-models.sh"),
                template="common/migrate-models.sh.j2",
                syntax=Syntax.SHELL,
                context=_context(plan, host),
                mode=0o755,
            )


def _context(plan: Plan, host: HostPlan) -> dict[str, object]:
    return {
        "name": plan.topology.name,
        "host": host.name,
        "running": "{{.State.Running}}",
        "migrations": [
            {"store": one.store, "writer": one.writer.name, "sources": list(one.sources)} for one in host.migrations
        ],
    }
