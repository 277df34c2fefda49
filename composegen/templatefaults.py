"""What is wrong with a template: the fault as an exception, told from whatever Jinja or Python raise."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from traceback import walk_tb
from typing import Any, cast

from jinja2 import (
    Environment,
    StrictUndefined,
    TemplateError,
    TemplateNotFound,
    TemplateRuntimeError,
    TemplateSyntaxError,
    nodes,
)
from jinja2.exceptions import UndefinedError
from jinja2.tests import TESTS
from jinja2.utils import missing
from msgspec import Struct

from composegen.keypath import KeyPath
from composegen.quoting import FILTERS
from composegen.suggestion import cut

SHIPPED = "shipped/"
"""Before the path of a template: the shipped one, whatever takes its place."""

UNREADABLE = (RecursionError, MemoryError, SyntaxError)
"""What Python itself has against the code of a template that is nested too deeply."""

MISTAKES = (
    *(TemplateError, ArithmeticError, AttributeError, LookupError, NameError, TypeError, ValueError),
    *UNREADABLE,
)
"""What a wrong template can end in while it is rendered."""

_NO_SUCH = re.compile(r"No (filter|test) named '(.*)'")
_OF_VALUES = ("default", "first", "indent", "join", "last", "length", "list", "map", "replace", "selectattr", "string")


class Trace(Struct, frozen=True, kw_only=True):
    """A place in a template (its line from 1), and the topology node that it was about; () when none is known."""

    template: str
    line: int
    path: KeyPath = ()


class TemplateFault(Exception):  # noqa: N818 - the word for it everywhere else
    """A template does not work: which one, at which line (1-based), why, and the names that it may have meant.

    `word` is what stands there and is wrong, `path` the topology node that it was about,
    `known` all names that could stand there, as far as these are known.
    """

    def __init__(
        self,
        *,
        template: str,
        line: int,
        message: str,
        near: tuple[str, ...] = (),
        word: str = "",
        path: KeyPath = (),
        known: tuple[str, ...] = (),
    ) -> None:
        super().__init__(f"{template}:{line}: {message}")
        self.template = template
        self.line = line
        self.message = message
        self.near = near
        self.word = word
        self.path = path
        self.known = known

    @property
    def hint(self) -> str:
        """What to do about it, as far as that can be told."""
        return "did you mean " + " or ".join(f"`{name}`" for name in self.near) + "?" if self.near else ""


def explain(error: Exception, environment: Environment, name: str, context: Mapping[str, object]) -> TemplateFault:
    """The fault that an exception stands for; `name` is the template that was to be rendered with `context`."""
    match error:
        case TemplateNotFound():
            wanted = str(error.name)
            near = tuple(difflib.get_close_matches(wanted, environment.list_templates()))
            return _fault(name, error, near, wanted, message=f"there is no template `{cut(wanted)}`")
        case TemplateSyntaxError():
            return syntax_fault(name, error)
        case MissingNameError():
            names = _in_scope(environment, name, error, context) if error.names is None else error.names
            near = tuple(difflib.get_close_matches(error.wanted, names))
            return _fault(name, error, near, error.wanted, known=tuple(sorted(names)))
        case TemplateRuntimeError():  # in a condition or below one, unknown filters and tests are found on the way
            word, near = _no_such(str(error))
            return _fault(name, error, near, word, message=_without_stop(str(error)))
    return _fault(name, error, message=_in_words(error))


def _in_words(error: Exception) -> str:
    """What Python itself has against a template, in words; "" for what says so itself."""
    match error:
        case RecursionError():
            return "templates, macros, loops or brackets are nested without end"
        case SyntaxError() | MemoryError():
            return "loops, conditions or brackets are nested too deeply"
        case NameError():  # Jinja writes numbers into code, and infinity is none that Python reads
            return "a number is too large, or is none"
    return ""


def _in_scope(environment: Environment, name: str, error: Exception, context: Mapping[str, object]) -> list[str]:
    """The names that a template could have meant: what it is given, and what it sets itself."""
    place = _fault(name, error).template
    with suppress(*MISTAKES):
        assert environment.loader is not None  # for the type checker
        tree = environment.parse(environment.loader.get_source(environment, place)[0])
        return [*context, *dict.fromkeys(one.name for one in tree.find_all(nodes.Name) if one.ctx != "load")]
    return [*context]


class MissingNameError(UndefinedError):
    """A name that does not exist, and the names that do (None: those of the context)."""

    def __init__(self, message: str, wanted: str, names: tuple[str, ...] | None) -> None:
        super().__init__(message)
        self.wanted = wanted
        self.names = names


class Missing(StrictUndefined):
    """What Jinja makes of a name that does not exist; any use of it raises `MissingNameError`."""

    __slots__ = ()

    def __init__(self, hint: str | None = None, obj: Any = missing, name: str | None = None, exc: Any = None) -> None:
        def fail(message: str) -> MissingNameError:
            return MissingNameError(message, str(name), None if obj is missing else tuple(_names(obj)))

        super().__init__(hint, obj, name, exc or cast("type[UndefinedError]", fail))


def _names(value: object) -> Iterator[str]:
    if isinstance(value, Mapping):
        yield from (str(key) for key in value)
    elif isinstance(value, Struct):
        yield from value.__struct_fields__


def syntax_fault(name: str, error: TemplateSyntaxError) -> TemplateFault:
    """The fault for a text that is no template."""
    message = _without_stop(error.message or "syntax error")
    word, near = _no_such(message)
    return TemplateFault(template=error.name or name, line=error.lineno, message=message, near=near, word=word)


def _without_stop(message: str) -> str:
    return message.rstrip(".")


def _no_such(message: str) -> tuple[str, tuple[str, ...]]:
    """The filter or test that there is not, and the near ones; nothing for another message."""
    found = _NO_SUCH.match(message)
    if found is None:
        return "", ()
    known = TESTS if found[1] == "test" else [*FILTERS, *_OF_VALUES]
    return found[2], tuple(difflib.get_close_matches(found[2], known))


def _fault(
    name: str,
    error: Exception,
    near: tuple[str, ...] = (),
    word: str = "",
    message: str = "",
    known: tuple[str, ...] = (),
) -> TemplateFault:
    """The fault at the innermost template line of the traceback."""
    template, line = name, 1
    for frame, number in walk_tb(error.__traceback__):
        if frame.f_code.co_filename.endswith(".j2"):
            template, line = frame.f_code.co_filename, number
    return TemplateFault(template=template, line=line, message=message or str(error), near=near, word=word, known=known)
