"""The invariants of docs/architecture.md that can be read off the source."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parent.parent / "composegen"

LAYERS = (
    "keypath errors registry counting",
    "findings fields",
    "topology limits",
    "plan",
    "shapes inheritance suggestion wording modelname environment catalogue",
    "yamltext scalars syntax stream events nodes versions mergekeys",
    "document input_pages output_pages language_page quoting",
    "reading foreign variables",
    "faults",
    "validation acceptance",
    "schema build references modelfiles doubts",
    "salvage own_names",
    "engines",
    "resolve",
    "graph",
    "rules",
    "policy suppressionfaults suppressions codes",
    "remainder",
    "templatefaults metering",
    "sandbox",
    "marking",
    "templating",
    "artifacts owntemplates",
    "template_page",
    "targets manifest",
    "selectors",
    "ownership splicing patchfaults",
    "patching",
    "patches",
    "customized",
    "changes standing pipeline diagnosis savedplan",
    "importing",
    "impact",
    "picture",
    "report",
    "io pages transcripts",
    "cli",
    "reference",
)
"""From the bottom to the top: a module imports from lower lines, and within its own line or package without a cycle."""

DOORS = {
    "ruamel": {"stream"},
    "yaml": {"stream"},
    "jsonschema": {"validation"},
    "jinja2": {"templating", "templatefaults", "sandbox", "marking"},
    "dotenv": {"io.dotenv"},
    "check_jsonschema": {"io.resources"},
    "click": {"cli", "reference"},
}
"""Which modules may import a package from outside."""

OUTSIDE = {
    "os",
    "subprocess",
    "time",
    "datetime",
    "random",
    "logging",
    "socket",
    "shutil",
    "tempfile",
    "getpass",
    "locale",
}
"""What only the shell (io, cli, reference) may import."""

QUICK = {"cli", "targets", "__main__", "acceptance", "pipeline", "stream", "templating", "io"}
"""Where a function may import: for a quick start, or for plug-ins."""

LONGEST = 300
LONGER: Mapping[str, str] = {
    "topology": "the whole language in one place is its point",
    "plan": "the whole plan in one place is its point",
    "input_pages": "texts, no code",
}
"""Modules above `LONGEST` lines, with the reason."""


@dataclass(frozen=True, kw_only=True)
class Import:
    """One import: what of, the names taken, and whether only the type checker does it, or a function when it runs."""

    module: str
    names: tuple[str, ...]
    typing: bool
    lazy: bool


@cache
def sources() -> Mapping[str, ast.Module]:
    """Every module by its name below `composegen`, as a syntax tree."""
    trees = {}
    for path in sorted(PACKAGE.rglob("*.py")):
        parts = path.relative_to(PACKAGE).with_suffix("").parts
        name = ".".join(part for part in parts if part != "__init__")
        trees[name] = ast.parse(path.read_text(encoding="utf-8"))
    return trees


@cache
def imports() -> Mapping[str, tuple[Import, ...]]:
    return {name: tuple(_imports(tree, typing=False, lazy=False)) for name, tree in sources().items()}


def _imports(node: ast.AST, *, typing: bool, lazy: bool) -> Iterator[Import]:
    for child in ast.iter_child_nodes(node):
        match child:
            case ast.Import(names=names):
                for alias in names:
                    yield Import(module=alias.name, names=(), typing=typing, lazy=lazy)
            case ast.ImportFrom(module=str(module), names=names):
                yield Import(module=module, names=tuple(alias.name for alias in names), typing=typing, lazy=lazy)
            case ast.If(test=ast.Name(id="TYPE_CHECKING")):
                yield from _imports(child, typing=True, lazy=lazy)
            case ast.FunctionDef():
                yield from _imports(child, typing=typing, lazy=True)
            case ast.expr():
                pass  # holds no import, and most of a module is expressions
            case _:
                yield from _imports(child, typing=typing, lazy=lazy)


def ours(module: str) -> set[str]:
    """Modules of ours that a module imports when it runs, by name below `composegen`."""
    found = set()
    for one in imports()[module]:
        if one.module.split(".")[0] == "composegen" and not one.typing:
            base = one.module.removeprefix("composegen").strip(".")
            for name in one.names or ("",):
                inner = f"{base}.{name}".strip(".")
                found.add(inner if inner in imports() else base)
    return found - {""}


def layer(module: str) -> int:
    top = module.split(".", maxsplit=1)[0]
    for number, line in enumerate(LAYERS):
        if top in line.split():
            return number
    pytest.fail(f"{module} has no layer: give it one in LAYERS")


def test_imports_go_down() -> None:
    for module in imports():
        if module not in {"", "__main__"}:
            wrong = {other for other in ours(module) if layer(other) > layer(module)}
            assert not wrong, f"{module} must not import {wrong}"


def test_imports_make_no_circle() -> None:
    done: set[str] = set()

    def visit(module: str, trail: tuple[str, ...]) -> None:
        assert module not in trail, " -> ".join((*trail, module))
        if module not in done:
            eager = {one for one in ours(module) if not _lazily(module, one) and not one.startswith(f"{module}.")}
            for other in eager - {module.rpartition(".")[0]}:
                visit(other, (*trail, module))
            done.add(module)

    for module in imports():
        visit(module, ())


def _lazily(module: str, other: str) -> bool:
    return all(one.lazy for one in imports()[module] if f"{one.module}.".startswith(f"composegen.{other}."))


def test_the_core_has_no_world() -> None:
    for module, found in imports().items():
        if module.split(".")[0] not in {"io", "cli", "reference", "__main__"}:
            names = {one.module.split(".")[0] for one in found}
            assert not names & OUTSIDE, module
            assert not [one for one in found if one.module == "pathlib" and set(one.names) - {"PurePosixPath"}], module
            tree = sources()[module]
            calls = {
                node.func.id
                for node in ast.walk(tree)
                if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
            }
            assert not calls & {"open", "print", "input", "eval", "exec"}, module


def test_the_core_knows_of_sys_only_its_modules() -> None:
    for module, tree in sources().items():
        if module.split(".")[0] not in {"io", "cli", "reference", "__main__"}:
            used = {
                node.attr
                for node in ast.walk(tree)
                if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "sys"
            }
            assert used <= {"modules"}, module


@pytest.mark.parametrize("package", DOORS)
def test_a_package_from_outside_has_its_doors(package: str) -> None:
    for module, found in imports().items():
        if any(one.module.split(".")[0] == package and not one.typing for one in found):
            assert module in DOORS[package] or module.split(".")[0] in DOORS[package], f"{module} imports {package}"


def test_imports_in_functions_are_for_a_quick_start_or_for_plug_ins() -> None:
    for module, found in imports().items():
        if any(one.lazy for one in found):
            assert module.split(".")[0] in QUICK, module


def test_modules_are_short() -> None:
    for module in sources():
        path = PACKAGE.joinpath(*module.split(".")) if module else PACKAGE
        path = path / "__init__.py" if path.is_dir() else path.with_suffix(".py")
        lines = len(path.read_text(encoding="utf-8").splitlines())
        assert lines <= LONGEST or module in LONGER, f"{module}: {lines} lines"
        assert module not in LONGER or lines > 150, f"{module} need not be an exception"


def test_everything_public_is_documented() -> None:
    for module, tree in sources().items():
        assert ast.get_docstring(tree), module
        for node in tree.body:
            if isinstance(node, ast.ClassDef | ast.FunctionDef) and not node.name.startswith("_"):
                assert ast.get_docstring(node), f"{module}.{node.name}"


def test_the_map_is_complete() -> None:
    modules = {module.split(".")[0] for module in imports()} - {"", "__main__"}
    listed = " ".join(LAYERS).split()
    assert modules <= set(listed), modules - set(listed)
    assert len(listed) == len(set(listed))
