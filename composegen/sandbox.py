"""Jinja for templates of the user's: sandboxed, and metered, so that no template takes the machine for itself.

Jinja's own sandbox keeps a template away from what it must not touch. What it leaves to chance is how much a template
does: loops in loops, text that doubles, numbers with a billion digits. Here every step and every size is given to the
meter, by rewriting the syntax tree before it is compiled. Its bounds are counts and not seconds: same input, same
verdict.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from jinja2 import nodes, pass_context
from jinja2.runtime import Context, LoopContext, Undefined
from jinja2.sandbox import ImmutableSandboxedEnvironment, safe_range
from jinja2.visitor import NodeTransformer

from composegen.metering import Meter, check_number, check_operands, check_widening
from composegen.quoting import FILTERS

_VALUES = (
    "abs attr batch capitalize center count d default dictsort first float format groupby indent int items join last "
    "length list lower map max min reject rejectattr replace reverse round select selectattr slice sort sum "
    "title tojson trim truncate unique upper urlencode wordcount wordwrap"
)
"""Jinja's own filters that a template may use: all that turn values into values, and always into the same ones."""

_OF_TEXT = (
    "capitalize casefold count endswith find index isalnum isalpha isascii isdecimal isdigit isidentifier islower "
    "isnumeric isprintable isspace istitle isupper lower lstrip partition removeprefix removesuffix rfind rindex "
    "rpartition rsplit rstrip split splitlines startswith strip swapcase title upper"
)
"""Methods of text that make no longer text; `replace`, `join`, `format`, `center` are filters, where they are bound."""

_WIDENING = "batch center format indent join replace slice tojson wordwrap yaml compose traefik"
"""Filters whose result may be as large as what they are given, times one of their arguments."""


class OwnEnvironment(ImmutableSandboxedEnvironment):
    """Compiles and renders templates of the user's, and what they include, extend and import."""

    intercepted_binops = frozenset({"+", "-", "*", "**", "%"})

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.meter = Meter()
        self.finalize = self.printed
        allowed: dict[str, Callable[..., Any]] = {name: self.filters[name] for name in _VALUES.split()}
        self.filters = {name: self._metered(name, one) for name, one in {**allowed, **FILTERS}.items()}
        self.filters["string"] = self.joined
        tests: Any = self.tests
        self.tests = {name: self._metered(name, one) for name, one in tests.items()}
        self.globals = {name: self.globals[name] for name in ("dict", "namespace", "cycler", "joiner")}
        self.globals["range"] = safe_range

    def rewriter(self) -> NodeTransformer:
        """What rewrites the syntax tree of each template."""
        return Rewriter()

    def _parse(self, source: str, name: str | None, filename: str | None) -> nodes.Template:
        tree = self.rewriter().visit(super()._parse(source, name, filename))
        assert isinstance(tree, nodes.Template)  # for the type checker
        return tree.set_environment(self)  # type: ignore[return-value]  # declared as any node

    def get_template(self, *arguments: Any, **named: Any) -> Any:
        """A template, for each `include`, `extends` and `import`."""
        self.meter.step()
        return super().get_template(*arguments, **named)

    def is_safe_attribute(self, obj: Any, attr: str, value: Any) -> bool:
        """Whether a template may see an attribute."""
        if isinstance(obj, str):
            return attr in _OF_TEXT.split()
        return not isinstance(obj, bytes | int | float) and bool(super().is_safe_attribute(obj, attr, value))

    def wrap_str_format(self, value: Any) -> None:  # noqa: ARG002 - Jinja's signature
        """Nothing: `format` of a text is not to be seen at all; the filter `format` is."""
        return

    def call(  # Jinja's signature: arguments of a template may have any name
        __self,  # noqa: N805
        __context: Context,  # noqa: PYI063
        __obj: Any,
        *args: Any,
        **kwargs: Any,
    ) -> Any:
        """Call something from a template."""
        owner = getattr(__obj, "__self__", None)
        if owner is __self:
            return super().call(__context, __obj, *args, **kwargs)
        __self.meter.weigh(owner, args, kwargs)
        if isinstance(__obj, LoopContext) and args:
            args = (__self.counted(args[0]), *args[1:])
        return __self.weighed(super().call(__context, __obj, *args, **kwargs))

    def call_binop(self, context: Context, operator: str, left: Any, right: Any) -> Any:
        """Calculate, unless the result would be too large."""
        self.meter.weigh(left, right)
        check_operands(operator, left, right)
        result = super().call_binop(context, operator, left, right)
        check_number(result)
        return self.weighed(result)

    def counted(self, items: Iterable[Any]) -> Iterator[Any]:
        """The same items, each of them a step."""
        for item in items:
            self.meter.step()
            yield item

    def weighed(self, value: Any) -> Any:
        """The same value, and as many steps as it takes to go through it."""
        self.meter.weigh(value)
        return value

    def joined(self, *values: Any) -> str:
        """Texts, one after the other."""
        self.meter.weigh(values)
        return "".join(str(_printable(value)) for value in values)

    @pass_context
    def printed(self, context: Context, value: Any) -> Any:  # noqa: ARG002 - with it Jinja works out no text beforehand
        """The same value, on its way into the text."""
        self.meter.print(_printable(value))
        return value

    def _metered(self, name: str, function: Callable[..., Any]) -> Callable[..., Any]:
        """A filter or test whose arguments and results are weighed."""
        widening = name in _WIDENING.split()

        @functools.wraps(function)
        def run(*arguments: Any, **named: Any) -> Any:
            self.meter.weigh(arguments, named)
            if widening:
                check_widening(name, arguments, named)
            result = function(*arguments, **named)
            return self.counted(result) if isinstance(result, Iterator) else self.weighed(result)

        return run


class Rewriter(NodeTransformer):
    """Puts the meter into a syntax tree, wherever Jinja would go on without asking anybody."""

    def visit_For(self, node: nodes.For) -> nodes.Node:  # noqa: N802 - Jinja's convention
        """Each turn of a loop is a step, also one that its condition leaves out."""
        self.generic_visit(node)
        node.iter = call("counted", node.iter, line=node.lineno)
        return node

    def visit_Concat(self, node: nodes.Concat) -> nodes.Node:  # noqa: N802
        """Text must not double without end."""
        self.generic_visit(node)
        return call("joined", *node.nodes, line=node.lineno)

    def visit_Compare(self, node: nodes.Compare) -> nodes.Node:  # noqa: N802
        """Looking for something takes as long as that is large in which one looks."""
        self.generic_visit(node)
        node.expr = call("weighed", node.expr, line=node.lineno)
        for operand in node.ops:
            operand.expr = call("weighed", operand.expr, line=node.lineno)
        return node

    def visit_Getitem(self, node: nodes.Getitem) -> nodes.Node:  # noqa: N802
        """A slice is a copy."""
        self.generic_visit(node)
        if isinstance(node.arg, nodes.Slice):
            node.node = call("weighed", node.node, line=node.lineno)
        return node

    def visit_TemplateData(self, node: nodes.TemplateData) -> nodes.Node:  # noqa: N802
        """The text between the marks is printed as any value is."""
        return nodes.Const(node.data, lineno=node.lineno)


def call(name: str, *arguments: Any, line: int) -> nodes.Call:
    """A call of a method of the environment, as a node."""
    method = nodes.EnvironmentAttribute(name, lineno=line)
    return nodes.Call(method, list(arguments), [], None, None, lineno=line)


def _printable(value: object) -> object:
    """The same value, where its text is always the same. Raises TypeError, or what Jinja has against the value."""
    if isinstance(value, str | int | float | Undefined):
        return value
    raise TypeError(f"{type(value).__name__} has no form as text; give it to a filter for this file, such as `| yaml`")
