"""The pages of the codes that no rule owns: what can be wrong with a topology before there is a plan to judge.

Only words and examples; who raises the codes is in `document`, `variables`, `schema`, `references` and `pipeline`.
"""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct, field

from composegen.findings import Severity


class Page(Struct, frozen=True, kw_only=True):
    """What `composegen explain` says of a code. `bad` is a topology that yields it; empty where a topology cannot."""

    code: str
    slug: str
    severity: Severity
    doc: str
    bad: str = ""
    good: str = ""
    milder: Severity | None = None
    """The severity of some of its findings, where `severity` is only that of the gravest."""
    files: Mapping[str, str] = field(default_factory=dict)
    """Files beside the two topologies, by path."""
    essential: bool = False
    """Whether no comment can allow what its rule finds."""

    @property
    def severities(self) -> str:
        """How grave its findings are, in words: `error`, or `error or warning`."""
        return " or ".join(one.label for one in (self.severity, self.milder) if one is not None)


_GOOD = """\
name: demo
hosts: {box: {address: 10.0.0.1}}
services:
  ollama: {hosts: {box: 1}}
"""


def _page(
    code: str, slug: str, doc: str, bad: str = "", good: str = _GOOD, severity: Severity = Severity.ERROR
) -> Page:
    """A page; most of these codes are errors."""
    return Page(code=code, slug=slug, severity=severity, doc=doc, bad=bad, good=good if bad else "")


_ALLOWED = """\
name: demo
hosts: {box: {address: 10.0.0.1}}
services:
  ollama:
    image: ollama/ollama:latest  # composegen: allow[floating-tag] a lab host that is wiped every night
    hosts: {box: 1}
"""


INPUT_PAGES = (
    _page(
        "CG001",
        "yaml-syntax",
        """The file is not YAML.

Nothing can be said about a topology that cannot be read, so this comes alone. An unclosed bracket or quote is reported
where it opens, which is where it has to be repaired.""",
        "name: demo\nhosts: {box: {address: 10.0.0.1}\nservices:\n  ollama: {hosts: {box: 1}}\n",
    ),
    _page(
        "CG002",
        "duplicate-key",
        """A mapping has the same key twice.

YAML readers differ in which one they take, so neither is taken. Both places are shown.""",
        "name: demo\nhosts:\n  box: {address: 10.0.0.1}\n  box: {address: 10.0.0.2}\nservices:\n"
        "  ollama: {hosts: {box: 1}}\n",
    ),
    _page(
        "CG003",
        "not-text",
        """The file has bytes that are not text.

A topology is UTF-8 without NUL and other control characters. An editor that saved it as UTF-16 or Latin-1 is the usual
cause: save it as UTF-8.""",
        'name: "de\x00mo"\nhosts: {box: {address: 10.0.0.1}}\nservices:\n  ollama: {hosts: {box: 1}}\n',
    ),
    _page(
        "CG004",
        "alias-abuse",
        """An alias contains itself, or the aliases and levels of the file multiply without bounds.

Anchors (`&name`) and aliases (`*name`) are welcome as long as the text they stand for stays of a sensible size.""",
        "name: demo\nhosts: {box: {address: 10.0.0.1}}\nservices:\n  ollama: {hosts: {box: 1}}\nx-loop: &a [*a]\n",
    ),
    _page(
        "CG005",
        "unknown-tag",
        """A value has a YAML tag (`!something`) that composegen does not know.

Tags mean something only to the program that defines them. Only those of YAML itself, such as `!!str`, are read.""",
        "name: !env DEMO\nhosts: {box: {address: 10.0.0.1}}\nservices:\n  ollama: {hosts: {box: 1}}\n",
    ),
    _page(
        "CG006",
        "merge-key",
        """The file uses the merge key `<<`.

It belongs to YAML 1.1 only and hides where a value comes from. Fields that all services share go into `defaults:`,
which merges mappings by key and says so.""",
        "name: demo\nhosts: {box: {address: 10.0.0.1}}\nx-all: &all {memory: 8GiB}\nservices:\n"
        "  ollama:\n    <<: *all\n    hosts: {box: 1}\n",
        "name: demo\nhosts: {box: {address: 10.0.0.1}}\ndefaults: {memory: 8GiB}\nservices:\n"
        "  ollama:\n    hosts: {box: 1}\n",
    ),
    _page(
        "CG007",
        "env-file-syntax",
        """A line of an env file is not `NAME=value`.

Env files are `.env` beside the topology, or those named by `--env-file`. A broken line would leave its variable without
a value, or with half of one.""",
    ),
    _page(
        "CG008",
        "undefined-variable",
        """`${NAME}` has no value.

Names must be listed under `variables:`, and have a value in the process environment or an env file, or a default:
`${NAME:-default}`. A literal `${` is written `$${`.""",
        "name: demo\nvariables: [TAG]\nhosts: {box: {address: 10.0.0.1}}\nservices:\n"
        '  ollama: {image: "ollama/ollama:${TAG}", hosts: {box: 1}}\n',
        "name: demo\nvariables: [TAG]\nhosts: {box: {address: 10.0.0.1}}\nservices:\n"
        '  ollama: {image: "ollama/ollama:${TAG:-0.32.15}", hosts: {box: 1}}\n',
    ),
    _page(
        "CG009",
        "empty-file",
        """The file holds no topology.

It is empty, or has only comments. `composegen init` writes one to start from.""",
        "# nothing yet\n",
    ),
    _page(
        "CG010",
        "template-fault",
        """A template could not be rendered.

It uses a name that it is not given, is no Jinja template, reaches for what the sandbox keeps from it, or does more for
one file than any template needs. The places shown are the line of the template and what in the topology it was at.
`docs/templates.md` says what templates are given. Shipped templates are tested; if one of them fails, that is a bug in
composegen.""",
    ),
    _page(
        "CG011",
        "missing-file",
        """A file that the topology names is not there.

Modelfiles are copied into the tree, so they must be in the topology's folder or below it, and readable.""",
        "name: demo\nhosts: {box: {address: 10.0.0.1}}\nservices:\n  ollama:\n"
        "    models: [{name: assistant, modelfile: models/assistant.Modelfile}]\n    hosts: {box: 1}\n",
        "name: demo\nhosts: {box: {address: 10.0.0.1}}\nservices:\n  ollama:\n"
        "    models: [llama3.2:3b]\n    hosts: {box: 1}\n",
    ),
    _page(
        "CG012",
        "too-many-findings",
        """The topology has more mistakes than anybody reads.

The first thousand are shown and the others are not looked at. Most often they have one cause, such as a section that
stands one level too deep, or a program that wrote the file.""",
    ),
    _page(
        "CG013",
        "templates-missing",
        """The folder that `templates:` names is not there.

It must be in the topology's folder or below it, and not be reached through a link: a topology may come from somebody
else. The option `--templates` can name any folder.""",
        f"{_GOOD}templates: my-templates\n",
    ),
    _page(
        "CG014",
        "template-unused",
        """A template of yours takes the place of no shipped one, and none of yours includes it.

Most often its path is misspelt, or the shipped template has got another one. `composegen templates list` prints the
paths.""",
        severity=Severity.WARNING,
    ),
    _page(
        "CG015",
        "template-context",
        """A template of yours was taken from a composegen that gave templates other things.

The version stands in the first line of an ejected template. It rises when something that templates are given goes away
or changes its meaning; what is added does not count.

## What to do

`composegen templates diff` shows what the shipped template does differently now. Take over what matters, and the new
version number in the first line.""",
        severity=Severity.WARNING,
    ),
    _page(
        "CG016",
        "generated-file",
        """A template or a patch of yours makes a generated file wrong.

The file is no YAML any more, or Compose would refuse it. The places shown are the line of your template, or the patch;
what came out of it; and what in the topology the template was at. Files that none of yours has touched are not read
again.""",
        f"{_GOOD}patches:\n  - {{match: services.ollama-1, merge: {{cpu: 2}}}}\n",
        f"{_GOOD}patches:\n  - {{match: services.ollama-1, merge: {{cpus: 2}}}}\n",
    ),
    _page(
        "CG021",
        "suppression-syntax",
        """A comment is meant to allow a finding, but says not what, or not why.

The form is `# composegen: allow[slug] reason`, with one or several names of rules between the brackets. Without a
reason nobody can tell later whether it still holds, so such a comment allows nothing.""",
        _ALLOWED.replace(" a lab host that is wiped every night", ""),
        _ALLOWED,
        Severity.WARNING,
    ),
    _page(
        "CG022",
        "not-allowable",
        """A comment allows something that is no rule, or that no comment can allow.

Only what rules find (CG2xx to CG8xx) can be allowed. What is wrong with the file itself (CG0xx, CG1xx) leaves nothing
that could be rendered, and the state of the output folder (CG9xx) has no line in the topology. A few rules find what
would make the generated files unusable, such as two containers of one name; those cannot be allowed either.""",
        _ALLOWED.replace("[floating-tag]", "[floating-tags]"),
        _ALLOWED,
        Severity.WARNING,
    ),
    _page(
        "CG023",
        "unused-suppression",
        """A comment allows what is not found on its line.

The cause is gone, or the finding stands on another line. A comment that stays behind would one day hide something new.
It is reported only where the rules have run, that is, where the topology has no errors of form.""",
        _ALLOWED.replace("ollama:latest", "ollama:0.32.15"),
        _ALLOWED,
        Severity.WARNING,
    ),
    _page(
        "CG101",
        "missing-key",
        """A key that must be there is missing.

Every other key has a default that works; the ones without are those that composegen cannot know.""",
        "name: demo\nhosts: {box: {ssh: ops@10.0.0.1}}\nservices:\n  ollama: {hosts: {box: 1}}\n",
    ),
    _page(
        "CG102",
        "wrong-type",
        """A value is of another kind than the key takes: a text where a mapping belongs, a number where a text belongs.

Two traps of YAML: `yes`, `no`, `on` and `off` are texts here (write true or false), and a version such as 3.10 is a
number that loses its zero (write "3.10").""",
        "name: demo\nhosts: {box: {address: 10.0.0.1}}\nservices:\n  ollama: {hosts: [box]}\n",
    ),
    _page(
        "CG103",
        "wrong-value",
        """A value is of the right kind, but not one that the key takes.

What it takes is printed with the finding, and in `docs/reference/topology.md`.""",
        "name: demo\nhosts: {box: {address: 10.0.0.1}}\nservices:\n  ollama: {hosts: {box: {port: 70000}}}\n",
    ),
    _page(
        "CG104",
        "unknown-key",
        """A key is not part of the language.

It is refused instead of ignored, because a misspelt key that does nothing is found only in production. Keys that start
with `x-` are free for your own use.""",
        "name: demo\nhosts: {box: {adress: 10.0.0.1}}\nservices:\n  ollama: {hosts: {box: 1}}\n",
    ),
    _page(
        "CG105",
        "not-yet-known",
        """A key or value belongs to the language, but this composegen cannot render it yet.

It is refused instead of ignored; a later version brings it.""",
        "name: demo\nhosts: {box: {address: 10.0.0.1}}\nservices:\n  ollama: {engine: vllm, hosts: {box: 1}}\n",
    ),
    _page(
        "CG106",
        "unknown-reference",
        """A name refers to a host, store or service that the topology does not have.""",
        "name: demo\nhosts: {box: {address: 10.0.0.1}}\nservices:\n  ollama: {hosts: {bx: 1}}\n",
    ),
    _page(
        "CG107",
        "no-placement",
        """A service runs nowhere.

State under `hosts:` where it runs; to switch a service off, take it out.""",
        "name: demo\nhosts: {box: {address: 10.0.0.1}}\nservices:\n  ollama: {models: [llama3.2:3b]}\n",
    ),
    _page(
        "CG108",
        "unknown-rule",
        """A name under `rules:` is not the name of a rule.

Rules are those of CG2xx to CG8xx; all other findings always have the severity of their page.""",
        f"{_GOOD}rules: {{floating-tags: error}}\n",
        f"{_GOOD}rules: {{floating-tag: error}}\n",
    ),
    _page(
        "CG109",
        "error-lowered",
        """A rule whose findings are errors is to be less than an error.

What such a rule finds does not work, or gives something away. One place where you know better is allowed by a comment
on its line, with the reason; all places at once cannot be.""",
        f"{_GOOD}rules: {{port-conflict: warning}}\n",
        f"{_GOOD}rules: {{weights-ignored: off}}\n",
    ),
    _page(
        "CG110",
        "patch-form",
        """A patch does not say what it wants.

It has exactly one of `set`, `merge` and `remove`; `match` is a key path such as `services.traefik.labels`,
`http.routers.*.middlewares[0]` or `log."a key with dots"`; and only what is a mapping can have something merged into
it.""",
        f"{_GOOD}patches:\n  - {{match: services.ollama-1}}\n",
        f"{_GOOD}patches:\n  - {{match: services.ollama-1, merge: {{cpus: 2}}}}\n",
    ),
    _page(
        "CG111",
        "patch-unmatched",
        """A patch does not find what it is for.

Each entry of `hosts` must find a host with the file, and `match` must find exactly `count` places in each of these
files (1 unless stated, or `any`). A patch that silently finds nothing would be missed when a name changes; one that
finds more than was meant would change what nobody looked at. Nothing is written.

`set` replaces what is there. To add a key, match the mapping around it and use `merge`.""",
        f"{_GOOD}patches:\n  - {{match: services.olama-1, merge: {{cpus: 2}}}}\n",
        f"{_GOOD}patches:\n  - {{match: services.ollama-1, merge: {{cpus: 2}}}}\n",
    ),
    _page(
        "CG112",
        "patch-owned",
        """A patch touches what composegen decides on itself.

In a Compose file these are the keys that `compose:` may not have either (CG802); in Traefik's files what decides who is
let in and where a request goes. Other files and scripts rely on them.

## What to do

Use the field of the topology that means the same. Where there is none, a `compose.override.yaml` beside the generated
file may overrule it, or a template of yours.""",
        f"{_GOOD}patches:\n  - {{match: services.ollama-1, merge: {{mem_limit: 8g}}}}\n",
        "name: demo\nhosts: {box: {address: 10.0.0.1}}\nservices:\n  ollama: {hosts: {box: 1}, memory: 8GiB}\n",
    ),
)
