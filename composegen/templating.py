"""Templates to text: the only place that knows Jinja2.

A template sees what its artifact row gives it and nothing else; a name that does not exist is a fault, never an empty
string. The filters are those of `quoting`.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping, MutableMapping
from dataclasses import fields, is_dataclass
from hashlib import sha256
from traceback import walk_tb
from typing import Any, cast

import jinja2
from jinja2 import BaseLoader, Environment, StrictUndefined, TemplateError, TemplateNotFound, TemplateSyntaxError, nodes
from jinja2.bccache import Bucket, BytecodeCache
from jinja2.exceptions import UndefinedError
from jinja2.utils import missing

from composegen import __version__
from composegen.quoting import FILTERS

_MISTAKES = (TemplateError, ArithmeticError, AttributeError, LookupError, TypeError, ValueError)
"""What a wrong template can end in while it is rendered."""


class TemplateFault(Exception):  # noqa: N818 - the word for it everywhere else
    """A template does not work: which one, at which line (1-based), why, and the names that it may have meant."""

    def __init__(self, *, template: str, line: int, message: str, near: tuple[str, ...] = ()) -> None:
        super().__init__(f"{template}:{line}: {message}")
        self.template = template
        self.line = line
        self.message = message
        self.near = near

    @property
    def hint(self) -> str:
        """What to do about it, as far as that can be told."""
        return "did you mean " + " or ".join(f"`{name}`" for name in self.near) + "?" if self.near else ""


class Templates:
    """The templates by path, ready to render. `compiled` keeps their code from one run to the next."""

    def __init__(self, texts: Mapping[str, str], compiled: MutableMapping[str, bytes] | None = None) -> None:
        self._environment = Environment(
            loader=_Loader(texts),
            bytecode_cache=None if compiled is None else _Compiled(compiled),
            undefined=_Missing,
            trim_blocks=True,
            lstrip_blocks=True,
            keep_trailing_newline=True,
            autoescape=False,  # noqa: S701 - no HTML is made here
        )
        self._environment.filters.update(FILTERS)

    def render(self, name: str, context: Mapping[str, object]) -> str:
        """The text that the template makes of the context. Raises TemplateFault."""
        try:
            return self._environment.get_template(name).render(context)
        except TemplateNotFound as error:
            raise TemplateFault(template=name, line=1, message=f"there is no template `{error.name}`") from error
        except TemplateSyntaxError as error:
            raise _syntax_fault(name, error) from error
        except _MissingName as error:
            names = [*context] if error.names is None else error.names
            raise _fault(name, error, tuple(difflib.get_close_matches(error.wanted, names))) from error
        except _MISTAKES as error:
            raise _fault(name, error) from error

    def parse(self, name: str, text: str) -> nodes.Template:
        """The syntax tree of a template text. Raises TemplateFault."""
        try:
            return self._environment.parse(text, name=name)
        except TemplateSyntaxError as error:
            raise _syntax_fault(name, error) from error


class _Loader(BaseLoader):
    """Templates out of a mapping; unlike Jinja's own it gives them file names, so that a fault can be placed."""

    def __init__(self, texts: Mapping[str, str]) -> None:
        self._texts = texts

    def get_source(self, environment: Environment, template: str) -> tuple[str, str, None]:  # noqa: ARG002
        if template not in self._texts:
            raise TemplateNotFound(template)
        return self._texts[template], template, None

    def list_templates(self) -> list[str]:
        return sorted(self._texts)


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


class _MissingName(UndefinedError):  # noqa: N818 - says what happened
    """A name that does not exist, and the names that do (None: those of the context)."""

    def __init__(self, message: str, wanted: str, names: tuple[str, ...] | None) -> None:
        super().__init__(message)
        self.wanted = wanted
        self.names = names


class _Missing(StrictUndefined):
    """What Jinja makes of a name that does not exist; any use of it raises `_MissingName`."""

    __slots__ = ()

    def __init__(self, hint: str | None = None, obj: Any = missing, name: str | None = None, exc: Any = None) -> None:
        def fail(message: str) -> _MissingName:
            return _MissingName(message, str(name), None if obj is missing else tuple(_names(obj)))

        super().__init__(hint, obj, name, exc or cast("type[UndefinedError]", fail))


def _names(value: object) -> Iterator[str]:
    if isinstance(value, Mapping):
        yield from (str(key) for key in value)
    elif is_dataclass(value):
        yield from (field.name for field in fields(value))


def _syntax_fault(name: str, error: TemplateSyntaxError) -> TemplateFault:
    return TemplateFault(template=error.name or name, line=error.lineno, message=error.message or "syntax error")


def _fault(name: str, error: Exception, near: tuple[str, ...] = ()) -> TemplateFault:
    """The fault at the innermost template line of the traceback."""
    template, line = name, 1
    for frame, number in walk_tb(error.__traceback__):
        if frame.f_code.co_filename.endswith(".j2"):
            template, line = frame.f_code.co_filename, number
    return TemplateFault(template=template, line=line, message=str(error), near=near)
