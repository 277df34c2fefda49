"""Templates to text. With `sandbox` and `marking`, which it loads when it needs them, the only place that knows Jinja2.

A template sees what its artifact row gives it and nothing else; a name that does not exist is a fault, never an empty
string. The filters are those of `quoting`. Templates of the user's take the place of shipped ones by name; these, and
whatever includes them, are rendered in a sandbox.
"""

from __future__ import annotations

from collections.abc import Mapping, MutableMapping
from contextlib import suppress
from functools import cached_property
from hashlib import sha256
from typing import TYPE_CHECKING, Any

import jinja2
from jinja2 import BaseLoader, Environment, TemplateNotFound, TemplateSyntaxError, meta, nodes
from jinja2.bccache import Bucket, BytecodeCache

from composegen import __version__
from composegen.quoting import FILTERS
from composegen.templatefaults import (
    MISTAKES,
    SHIPPED,
    UNREADABLE,
    Missing,
    TemplateFault,
    Trace,
    explain,
    syntax_fault,
)

__all__ = ["SHIPPED", "TemplateFault", "Templates"]

if TYPE_CHECKING:
    from composegen.marking import MarkingEnvironment
    from composegen.sandbox import OwnEnvironment

_OPTIONS: Mapping[str, Any] = {
    "undefined": Missing,
    "trim_blocks": True,
    "lstrip_blocks": True,
    "keep_trailing_newline": True,
    "autoescape": False,
}


class Templates:
    """The templates by path, ready to render. `compiled` keeps their code from one run to the next.

    `own` are the user's: they take the place of those of the same path, which they reach as `shipped/<path>`.
    """

    def __init__(
        self,
        texts: Mapping[str, str],
        compiled: MutableMapping[str, bytes] | None = None,
        own: Mapping[str, str] | None = None,
    ) -> None:
        self._own = own or {}
        self._texts = {**texts, **self._own, **{SHIPPED + name: text for name, text in texts.items()}}
        self._environment = Environment(  # noqa: S701 - no HTML is made here
            loader=_Loader(texts, frozenset(self._own)),
            bytecode_cache=None if compiled is None else _Compiled(compiled),
            **_OPTIONS,
        )
        self._environment.filters.update(FILTERS)
        self._sandboxed: set[str] = set()

    def render(self, name: str, context: Mapping[str, object]) -> str:
        """The text that the template makes of the context. Raises TemplateFault."""
        if name not in self._sandboxed:
            try:
                return _rendered(self._environment, name, context)
            except _OwnError:
                self._sandboxed.add(name)
        try:
            self._sandbox.meter.reset()
            return _rendered(self._sandbox, name, context)
        except TemplateFault as fault:
            raise self._explained(fault, name, context) from fault

    def is_own(self, name: str) -> bool:
        """Whether a template that was rendered is the user's, or has a part that is."""
        return name in self._sandboxed

    def trace(self, name: str, context: Mapping[str, object], text: str, line: int) -> Trace:
        """What made line `line` (from 1) of the text that `render` gave."""
        marking = self._marking()
        try:
            found = marking.trace(_rendered(marking, name, context), text, line)
        except TemplateFault:
            found = None
        return found or Trace(template=name, line=1)

    def parse(self, name: str, text: str) -> nodes.Template:
        """The syntax tree of a template text. Raises TemplateFault."""
        try:
            return self._environment.parse(text, name=name)
        except TemplateSyntaxError as error:
            raise syntax_fault(name, error) from error

    def referenced(self, name: str) -> tuple[str, ...] | None:
        """The templates that one of the user's includes, extends or imports; None when that is worked out inside."""
        try:
            found = tuple(meta.find_referenced_templates(self._environment.parse(self._own[name], name=name)))
        except (TemplateSyntaxError, *UNREADABLE):
            return None
        return None if None in found else tuple(str(one) for one in found)

    @cached_property
    def _sandbox(self) -> OwnEnvironment:
        from composegen.sandbox import OwnEnvironment  # for templates of the user's only

        return OwnEnvironment(loader=_Loader(self._texts), **_OPTIONS)

    def _marking(self) -> MarkingEnvironment:
        from composegen.marking import MarkingEnvironment  # after a fault only

        return MarkingEnvironment(loader=_Loader(self._texts), **_OPTIONS)

    def _explained(self, fault: TemplateFault, name: str, context: Mapping[str, object]) -> TemplateFault:
        """The fault with the topology node that it is about, told by doing it again with marks."""
        marking = self._marking()
        with suppress(TemplateFault):
            _rendered(marking, name, context)
        latest = marking.latest
        if latest is not None and (latest.template, latest.line) == (fault.template, fault.line):
            fault.path = latest.path
        return fault


def _rendered(environment: Environment, name: str, context: Mapping[str, object]) -> str:
    try:
        return environment.get_template(name).render(context)
    except MISTAKES as error:
        raise explain(error, environment, name, context) from error


class _Loader(BaseLoader):
    """Templates out of a mapping; unlike Jinja's own it gives them file names, so that a fault can be placed.

    Those in `elsewhere` are not to be rendered here.
    """

    def __init__(self, texts: Mapping[str, str], elsewhere: frozenset[str] = frozenset()) -> None:
        self._texts = texts
        self._elsewhere = elsewhere

    def get_source(self, environment: Environment, template: str) -> tuple[str, str, None]:  # noqa: ARG002
        if template in self._elsewhere:
            raise _OwnError(template)
        if template not in self._texts:
            raise TemplateNotFound(template)
        return self._texts[template], template, None

    def list_templates(self) -> list[str]:
        return sorted(self._texts)


class _OwnError(Exception):
    """A template is the user's, or includes one that is: it is for the sandbox."""


class _Compiled(BytecodeCache):
    """Jinja's compiled templates in a mapping.

    Jinja itself tells by a checksum whether they fit the template's text. The digest before them is ours: Jinja would
    take damaged code at its word.
    """

    def __init__(self, kept: MutableMapping[str, bytes]) -> None:
        self._kept = kept

    def load_bytecode(self, bucket: Bucket) -> None:
        kept = self._kept.get(self._name(bucket), b"")
        digest, code = kept[:_DIGEST], kept[_DIGEST:]
        if digest and digest == sha256(code).digest():
            bucket.bytecode_from_string(code)

    def dump_bytecode(self, bucket: Bucket) -> None:
        code = bucket.bytecode_to_string()
        self._kept[self._name(bucket)] = sha256(code).digest() + code

    def _name(self, bucket: Bucket) -> str:
        return f"{jinja2.__version__}-{__version__}-{bucket.key}"


_DIGEST = sha256().digest_size
