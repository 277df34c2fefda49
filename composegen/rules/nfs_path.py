"""The path of an nfs store is not a plain absolute path.

## What happens

The path goes into the exports of the server and into the mounts of every client, where it must name one folder.
exportfs refuses a relative path; `..`, `.`, doubled or trailing slashes name the same folder in two ways, so that
export and mount no longer match and the client gets `access denied by server`. `/` would export the whole machine.

## What to do

Write the folder that holds `blobs/` and `manifests/` as an absolute path without `.` and `..`, without a slash or a
space at its end.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator

from composegen.findings import Basis, Finding, Severity
from composegen.plan import Plan
from composegen.rules import Rule
from composegen.topology import NfsStore

BAD = """\
name: demo
hosts: {box: {address: 10.0.0.1}}
stores:
  models:
    kind: nfs
    server: box
    path: /srv/../models  # expect: CG304
services:
  chat:
    store: models
    hosts: {box: 1}
"""
GOOD = """\
name: demo
hosts: {box: {address: 10.0.0.1}}
stores:
  models:
    kind: nfs
    server: box
    path: /srv/models
services:
  chat:
    store: models
    hosts: {box: 1}
"""


def check(plan: Plan) -> Iterator[Finding]:
    """Each nfs store whose path is relative, ambiguous or the root."""
    for store in plan.topology.stores.values():
        if isinstance(store, NfsStore) and (fault := _fault(store.path)):
            yield RULE.finding(
                f"path `{store.path}` of store `{store.name}` {fault}",
                at=store.at("path"),
                expected="an absolute path such as /srv/models",
                hint=_hint(store.path),
            )


def _fault(path: str) -> str:
    """What is wrong with a path; "" for nothing."""
    parts = path.split("/")
    if not path.startswith("/"):
        return "is not absolute"
    if not path.strip("/"):
        return "is the root of the server's file system"
    if ".." in parts or "." in parts:
        return f"contains `{'..' if '..' in parts else '.'}`"
    if path != path.strip() or re.search(r"[\x00-\x1f\x7f]", path):
        return "ends in a space or contains a character that does not print"
    return "has a slash at its end" if path.endswith("/") else "has two slashes in a row" if "//" in path else ""


def _hint(path: str) -> str:
    """The same folder, written plainly."""
    plain = "/" + posixpath.normpath(path.strip()).lstrip("/")
    return f"did you mean `{plain}`?" if path.startswith("/") and plain != "/" else ""


RULE = Rule(
    code="CG304",
    slug="nfs-path",
    severity=Severity.ERROR,
    essential=True,
    check=check,
    basis=Basis.PLACES,
    doc=__doc__ or "",
    bad=BAD,
    good=GOOD,
)
