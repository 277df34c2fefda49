"""Names of models as Ollama reads them: `[host[:port]/][namespace/]model[:tag]`.

The grammar is that of Ollama's `types/model/name.go`: each part begins with a letter, digit or underscore; a host may
hold dots, dashes and colons and be 350 characters long; a namespace may hold dashes only; a model and a tag may hold
dots and dashes; these three are at most 80 characters long. Names that differ only in case are one model.
"""

from __future__ import annotations

import re
from functools import lru_cache

from msgspec import Struct

DEFAULT_HOST = "registry.ollama.ai"
DEFAULT_NAMESPACE = "library"
DEFAULT_TAG = "latest"

_FIRST = r"[A-Za-z0-9_]"
_PARTS = {
    "host": (re.compile(_FIRST + r"[A-Za-z0-9_.:-]*"), 350, "letters, digits, underscores, dots, dashes and a port"),
    "namespace": (re.compile(_FIRST + r"[A-Za-z0-9_-]*"), 80, "letters, digits, underscores and dashes"),
    "model": (re.compile(_FIRST + r"[A-Za-z0-9_.-]*"), 80, "letters, digits, underscores, dots and dashes"),
    "tag": (re.compile(_FIRST + r"[A-Za-z0-9_.-]*"), 80, "letters, digits, underscores, dots and dashes"),
}
"""Per part: its pattern, its greatest length, and the characters in words."""


class ModelName(Struct, frozen=True, kw_only=True):
    """A name with all of its parts, as they were written or by default."""

    host: str = DEFAULT_HOST
    namespace: str = DEFAULT_NAMESPACE
    model: str
    tag: str = DEFAULT_TAG

    def __str__(self) -> str:
        """The whole name: two names of one model give the same text, but for case."""
        return f"{self.host}/{self.namespace}/{self.model}:{self.tag}"

    @property
    def in_library(self) -> bool:
        """Whether it is a model of Ollama's own library."""
        return self.host.lower() == DEFAULT_HOST and self.namespace.lower() == DEFAULT_NAMESPACE

    @property
    def short(self) -> str:
        """As `ollama list` prints it: without host where that is the default, without namespace where both are."""
        if self.host.lower() != DEFAULT_HOST:
            return str(self)
        return f"{self.model}:{self.tag}" if self.in_library else f"{self.namespace}/{self.model}:{self.tag}"


@lru_cache(maxsize=1024)
def parse(name: str) -> ModelName:
    """The parts of a name, without a look at whether they are right; see `fault` for that."""
    rest, tag = name, DEFAULT_TAG
    if name.rfind(":") > name.rfind("/"):
        rest, _, tag = name.rpartition(":")
    rest, _, model = rest.rpartition("/")
    host, _, namespace = rest.rpartition("/")
    return ModelName(host=host or DEFAULT_HOST, namespace=namespace or DEFAULT_NAMESPACE, model=model, tag=tag)


def key(name: str) -> str:
    """What is equal for two names exactly when Ollama takes them for one model."""
    return str(parse(name)).lower()


def fault(name: str) -> str | None:
    """What is wrong with a name, in words that follow on "the name"; None when Ollama takes it."""
    scheme, separator, _ = name.partition("://")
    if separator:
        return f"begins with `{scheme}://`; the registry is written without it"
    if "@" in name:
        return "holds an `@`; Ollama pulls by tag, not by digest"
    if name.startswith("/") or "//" in name:
        return "has an empty part before a `/`"
    parsed = parse(name)
    host, _, namespace = name.rpartition("/")[0].rpartition("/")
    if not host and re.search(r"[.:]", namespace):
        return f"has nothing between the registry `{namespace}` and the model; a namespace belongs there"
    parts = {"host": parsed.host, "namespace": parsed.namespace, "model": parsed.model, "tag": parsed.tag}
    return next((wrong for kind, text in parts.items() if (wrong := _part_fault(kind, text))), None)


def _part_fault(kind: str, text: str) -> str | None:
    pattern, longest, characters = _PARTS[kind]
    if not text:
        return f"has no {kind}" if kind == "model" else f"has an empty {kind}"
    if kind == "host" and "/" in text:
        return f"has too many parts: `{text}` stands where the registry belongs"
    if len(text) > longest:
        return f"has a {kind} of {len(text)} characters; {longest} are allowed"
    if not re.match(_FIRST, text):
        return f"has a {kind} that begins with `{text[0]}` instead of a letter, digit or underscore"
    if (found := pattern.match(text)) and found.end() < len(text):
        return f"has `{text[found.end()]}` in its {kind} `{text}`, which may hold {characters} only"
    return None
