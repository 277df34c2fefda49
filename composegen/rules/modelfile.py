"""A Modelfile is one from which Ollama cannot build a model.

## What happens

`ollama create` runs in the model-init container, after everything else has started. What it cannot read ends it
(`command must be one of ...`, `no FROM line`, `unexpected EOF`). A path leads nowhere there: the container has the
Modelfile, and beside it the folder `files/` if the model states one, but nothing else of the machine on which the
Modelfile was written. A path in `FROM` that does not exist is even taken for the name of a model.

## What to do

Begin each line with an instruction, begin and end text of several lines with three quotes, and give comments
lines of their own. State `files`, the folder on the writer's host that holds the weights, and name them as
`./files/weights.gguf`. Instead of the blobs that `ollama show --modelfile` prints, name the model.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import PurePosixPath

from composegen import modelname
from composegen.findings import Basis, Finding, Location, Severity, Span
from composegen.plan import Plan
from composegen.rules import Rule
from composegen.rules._modelfile import Instruction, ModelfileError, instructions, text_of
from composegen.suggestion import cut
from composegen.topology import Model

BAD = """\
name: demo
hosts: {box: {address: 10.0.0.1}}
services:
  chat:
    hosts: {box: 1}
    models:
      - {name: coder, modelfile: models/coder.Modelfile}  # expect: CG710
      - {name: writer, modelfile: models/writer.Modelfile}  # expect: CG710
"""
GOOD = """\
name: demo
hosts: {box: {address: 10.0.0.1}}
services:
  chat:
    hosts: {box: 1}
    models:
      - {name: assistant, modelfile: models/assistant.Modelfile, files: /srv/gguf}
"""
FILES = {
    "models/coder.Modelfile": "FROM ./coder.gguf\nPARAMETER num_ctx 8192\n",
    "models/writer.Modelfile": "FROM mistral:7b\nSYSTEM You write short sentences.\nYou never use slang.\n",
    "models/assistant.Modelfile": (
        'FROM ./files/assistant.gguf\nSYSTEM """You answer briefly.\nYou say when you do not know."""\n'
    ),
}
_WEIGHTS = re.compile(r"\.(gguf|safetensors|bin)$", re.IGNORECASE)
_ALWAYS_PATHS = ("ADAPTER", "DRAFT")
"""Instructions whose value is never the name of a model."""


def check(plan: Plan) -> Iterator[Finding]:
    """What is wrong with each Modelfile of each host that builds from it."""
    for host in plan.hosts:
        contents = {file.origin: file.content for file in host.files}
        for init in host.inits:
            for model in init.models:
                if model.modelfile is not None and model.at("modelfile") in contents:
                    yield from _of_model(model, text_of(contents[model.at("modelfile")]))


def _of_model(model: Model, text: str) -> Iterator[Finding]:
    has_from = False
    try:
        for instruction in instructions(text):
            has_from |= instruction.name == "FROM"
            yield from _of_instruction(model, instruction)
    except ModelfileError as error:
        yield _finding(model, str(error), error.span, error.expected, error.hint)
        return
    if not has_from:
        start = Span(line=1, column=1, end_line=1, end_column=1)
        yield _finding(model, f"the Modelfile of `{model.name}` has no `FROM`", start, "`FROM` and a model")


def _of_instruction(model: Model, instruction: Instruction) -> Iterator[Finding]:
    name, value = instruction.name, instruction.value
    if name not in ("FROM", *_ALWAYS_PATHS):
        return
    if name in _ALWAYS_PATHS or _is_path(value):
        if not _is_in_files(value):
            message = f"`{cut(value)}` is not there when the model is built"
            yield _finding(model, message, instruction.span, "a path below ./files/", _advice(model, value))
        elif model.files is None:
            message = f"`{cut(value)}` is not there when the model is built: `{model.name}` states no `files`"
            yield _finding(model, message, instruction.span, "`files` of the model, the folder that is ./files there")
    elif fault := modelname.fault(value):
        hint = "a comment needs a line of its own" if "#" in value else ""
        yield _finding(model, f"the model name `{cut(value)}` {fault}", instruction.span, "a model to start from", hint)


def _is_path(value: str) -> bool:
    """Whether `FROM` means a file: by its first character, its folder, or its ending."""
    if value.startswith((".", "/", "~", "\\", "files/")) or value == "files":
        return True
    registry, slash, rest = value.partition("/")
    remote = "." in registry and bool(slash) and "/" in rest
    return bool(_WEIGHTS.search(value)) and not remote


def _is_in_files(value: str) -> bool:
    parts = PurePosixPath(value).parts
    return parts[:1] == ("files",) and ".." not in parts


def _advice(model: Model, value: str) -> str:
    """The path as it would be right, where that can be told."""
    if "/blobs/sha256" in value:
        return "name the model from which the Modelfile was made"
    name = PurePosixPath(value).name
    if model.files is not None and PurePosixPath(value).is_relative_to(model.files):
        name = str(PurePosixPath(value).relative_to(model.files))
    where = "" if model.files is not None else "state `files`, the folder that holds it, and "
    return f"{where}write ./files/{name}" if name not in {"", ".", ".."} else ""


def _finding(model: Model, message: str, span: Span, expected: str, hint: str = "") -> Finding:
    return RULE.finding(
        message,
        at=Location(file=model.modelfile, span=span),
        expected=expected,
        hint=hint,
        related=[Location(path=model.at("modelfile"), label=f"the Modelfile of `{model.name}`")],
    )


RULE = Rule(
    code="CG710",
    slug="modelfile",
    severity=Severity.ERROR,
    check=check,
    basis=Basis.NAMED,
    doc=__doc__,
    bad=BAD,
    good=GOOD,
    files=FILES,
)
