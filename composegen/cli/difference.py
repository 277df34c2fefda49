"""Both sides of a comparison and what follows from it: what `diff` and `graph --diff` look at. Nothing is written."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from composegen.cli.request import of_host
from composegen.errors import ComposegenError

if TYPE_CHECKING:
    from composegen.artifacts import Tree
    from composegen.changes import Changes
    from composegen.cli.against import Before
    from composegen.impact.model import Review
    from composegen.io.source import Opened
    from composegen.pipeline import Compiled


class Difference(Struct, frozen=True, kw_only=True):
    """The planned files, the files that are there, what turns these into those, and what that does to what runs."""

    opened: Opened
    compiled: Compiled
    planned: Tree
    root: Path
    """The output folder."""
    before: Before
    changes: Changes
    review: Review

    def is_rendered(self) -> bool:
        """Whether the output folder is as planned already; one that cannot be read is not."""
        from composegen import changes as decisions
        from composegen.io import disk

        try:
            lock, files = disk.found(self.root, self.planned)
        except ComposegenError:
            return False
        return not decisions.compare(self.planned, files, lock.files).effective

    def of_host(self, host: str) -> Difference:
        """What concerns one host. Raises ComposegenError when it has no files on either side."""
        from composegen.changes import Changes

        own = of_host((change.path for change in self.changes.items), host)
        items = tuple(change for change in self.changes.items if change.path in own)
        return replace(self, changes=Changes(items=items), review=self.review.of_host(host))


def difference(opened: Opened, compiled: Compiled, output: str | None, against: str | None) -> Difference | None:
    """What rendering a topology would change: in the output folder, or in what `--against` names.

    None where its errors left no tree. Raises ComposegenError when the other side cannot be read.
    """
    from composegen import changes as decisions
    from composegen.cli.against import before as other_side
    from composegen.impact.assess import assess
    from composegen.io.places import output_folder

    if compiled.tree is None or compiled.topology is None:
        return None
    root = output_folder(opened.folder, output, compiled.topology.output)
    before = other_side(against, opened, root, compiled.tree)
    changes = decisions.compare(compiled.tree, before.files, before.written)
    return Difference(
        opened=opened,
        compiled=compiled,
        planned=compiled.tree,
        root=root,
        before=before,
        changes=changes,
        review=assess(changes, compiled.plan, before.compiled.plan if before.compiled else None),
    )
