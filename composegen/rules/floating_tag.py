"""An image may be another one tomorrow.

## What happens

`latest`, no tag at all, a name such as `stable`, or a version that leaves its last part open is moved to each new
release. Two hosts that pull on different days run different programs; a restart becomes an upgrade that nobody
decided; and going back is guesswork. The same topology then no longer means the same thing.

## What to do

State the whole version (`ollama/ollama:0.32.15`), or a digest (`...@sha256:...`), which can never move. For the
gateway, `traefik.version` with its patch level (`3.7.15`). Images of apps are only asked for a tag that is not one
of the moving names: what the parts of their versions mean is for you to know.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from composegen.findings import Basis, Finding, Severity
from composegen.keypath import KeyPath
from composegen.plan import Plan
from composegen.rules import Rule
from composegen.suggestion import cut

BAD = """\
name: demo
hosts: {box: {address: 10.0.0.1}}
services:
  chat:
    hosts: {box: 1}
    image: ollama/ollama  # expect: CG706
gateway:
  host: box
  traefik: {version: "3.7"}  # expect: CG706
apps:
  web:
    host: box
    compose: {image: "example/web:latest"}  # expect: CG706
"""
GOOD = """\
name: demo
hosts: {box: {address: 10.0.0.1}}
services:
  chat:
    hosts: {box: 1}
    image: ollama/ollama:0.32.15
gateway:
  host: box
  traefik: {version: "3.7.15"}
apps:
  web:
    host: box
    compose: {image: "example/web:1.4.2"}
"""

_MOVING = frozenset(
    {
        "latest",
        "stable",
        "main",
        "master",
        "edge",
        "nightly",
        "dev",
        "devel",
        "develop",
        "rolling",
        "current",
        "lts",
        "release",
        "testing",
        "unstable",
        "canary",
        "next",
        "beta",
        "alpha",
        "rc",
        "rocm",
        "cuda",
        "cpu",
        "gpu",
    }
)
_OPEN_VERSION = re.compile(r"v?[0-9]+(\.[0-9]+)?(-[A-Za-z]+)?")


def check(plan: Plan) -> Iterator[Finding]:
    """One finding per image that a topology names and that may move."""
    for service in plan.topology.services.values():
        if service.image is not None:
            yield from _image(service.image, service.at("image"), whole=True)
    gateway = plan.topology.gateway
    version = gateway.traefik.version if gateway is not None else ""
    if gateway is not None and gateway.traefik.run and _OPEN_VERSION.fullmatch(version):
        yield _finding(f"`{version}` leaves the patch level of Traefik open", gateway.at("traefik", "version"))
    for app in plan.topology.apps.values():
        if isinstance(app.compose.get("image"), str):
            yield from _image(app.compose["image"], app.at("compose", "image"), whole=False)


def _image(image: str, at: KeyPath, *, whole: bool) -> Iterator[Finding]:
    """`whole`: a version must have all of its parts."""
    if "@" in image:
        return
    tag = image.rpartition("/")[2].partition(":")[2]
    if not tag:
        yield _finding(f"the image `{cut(image)}` has no tag, which means `latest`", at)
    elif tag.lower() in _MOVING:
        yield _finding(f"the tag of `{cut(image)}` moves with each release", at)
    elif whole and _OPEN_VERSION.fullmatch(tag):
        yield _finding(f"the tag of `{cut(image)}` leaves the patch level open", at)


def _finding(message: str, at: KeyPath) -> Finding:
    return RULE.finding(message, at=at, expected="a whole version or a digest")


RULE = Rule(
    code="CG706",
    slug="floating-tag",
    severity=Severity.WARNING,
    check=check,
    basis=Basis.PLACES,
    doc=__doc__,
    bad=BAD,
    good=GOOD,
)
