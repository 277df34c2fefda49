"""A value looks like a password, a token or a private key.

## What happens

What stands in a topology is written into the generated files, and with them into a repository, its history, every
clone and every backup. A value that comes in through `variables:` ends in the generated files as well. Taking a
secret out again means to replace it everywhere, since nobody knows who has read it.

A value counts when its name says so (`..._PASSWORD`, `..._SECRET`, `..._TOKEN`, `..._API_KEY` and the like), or
when it has the form of a known kind: tokens of Hugging Face, GitHub, GitLab, Slack, AWS and OpenAI, private keys,
passwords in URLs. Paths, switches, names of files (`..._FILE`) and stand-ins such as `none` or `ollama` do not
count.

## What to do

Write `{secret: NAME}` instead of the value, in `environment` of a service or of an app. Compose then takes it at
`up` from the shell or from `.env` on the host, which is yours and never written; the run book lists the names that
each host needs. Consider a secret that was committed as known, and replace it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from composegen.findings import Basis, Finding, Severity
from composegen.plan import Plan
from composegen.rules import Rule
from composegen.rules._values import Value, of_apps, of_compose_keys, of_services

BAD = """\
name: demo
hosts: {box: {address: 10.0.0.1}}
services:
  chat: {hosts: {box: 1}}
apps:
  web:
    host: box
    compose:
      image: example/web:1.4.2
      environment:
        DB_PASSWORD: correct-horse  # expect: CG601
        MAX_TOKENS: 4096
"""
GOOD = """\
name: demo
hosts: {box: {address: 10.0.0.1}}
services:
  chat: {hosts: {box: 1}}
apps:
  web:
    host: box
    compose:
      image: example/web:1.4.2
      environment:
        DB_PASSWORD: {secret: DB_PASSWORD}
        MAX_TOKENS: 4096
"""

_NAME = re.compile(
    r"passw(or)?d|passphrase|api_?key|private_?key|secret_?key|access_?key|credential|"
    r"(^|_)pass$|auth_?key$|(secret|token)(_?[0-9]+)?$"
)
_NO_SECRET = re.compile(
    r"(^|_)(file|path|dir|url|uri|name|id|limit|count|size|ttl|expiry|expires|timeout|length|type|enabled|required|policy"
    r"|header|min|max|field|prefix|rounds|algorithm|hint)$|^max_|^min_|allow_empty"
)
_STAND_INS = frozenset(
    {
        "true",
        "false",
        "yes",
        "no",
        "on",
        "off",
        "none",
        "null",
        "empty",
        "dummy",
        "unused",
        "unset",
        "not-needed",
        "not-required",
        "no-key",
        "no-key-required",
        "sk-no-key-required",
        "placeholder",
        "ollama",
        "n/a",
        "na",
        "x",
        "-",
        "0",
        "1",
    }
)
_PATH = re.compile(r"(~|\.{1,2})?(/[\w.@+-]+)+/?")
_FORMS = {
    "a token of Hugging Face": re.compile(r"\bhf_[A-Za-z0-9]{20,}"),
    "an OpenAI key": re.compile(r"\bsk-[A-Za-z0-9_-]{20,}"),
    "a token of GitHub": re.compile(r"\b(gh[pousr]_[A-Za-z0-9]{20,}|github_pat_\w{20,})"),
    "an AWS key": re.compile(r"\b(AKIA|ASIA)[0-9A-Z]{16}\b"),
    "a token of GitLab": re.compile(r"\bglpat-[\w-]{20,}"),
    "a token of Slack": re.compile(r"\bxox[abeoprs]-[\w-]{10,}"),
    "a private key": re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY"),
    "a password in a URL": re.compile(r"\b[a-z][a-z0-9+.-]*://[^\s/:@]*:(?!\$)[^\s/@]+@", re.IGNORECASE),
}


_ELSEWHERE = "`{secret: NAME}` is known in `environment` only: hand it over there, or in a file that the host has"


def check(plan: Plan) -> Iterator[Finding]:
    """One finding per value; the message names the variable and never shows what it holds."""
    for value in (*of_services(plan), *of_apps(plan), *of_compose_keys(plan)):
        kind = _kind(value.name, value.text)
        if kind is not None:
            yield RULE.finding(
                f"{_place(value)} of {value.whose} holds {kind}",
                at=value.at,
                part="key",
                expected="{secret: NAME}, which Compose reads at `up`",
                hint=f"write `{value.name}: {{secret: {_variable(value.name)}}}`"
                if _is_variable(value)
                else _ELSEWHERE,
            )


def looks_secret(name: str, text: str) -> bool:
    """Whether a text that stands under a name ("" for none) looks like something that nobody may be shown."""
    return _kind(name, text) is not None


def _kind(name: str, text: str) -> str | None:
    """What the text looks like; None when it looks harmless."""
    text = text.strip()
    if text.lower() in _STAND_INS:
        return None
    formed = next((kind for kind, form in _FORMS.items() if form.search(text)), None)
    return formed or ("what looks like a secret" if _named_secret(name) and _could_be(name, text) else None)


def _named_secret(name: str) -> bool:
    folded = re.sub(r"[.-]", "_", name).lower()
    return _NAME.search(folded) is not None and _NO_SECRET.search(folded) is None


def _could_be(name: str, text: str) -> bool:
    """Not empty, no reference to another variable, no path; a plain number is a secret only as a password."""
    if not text or text.startswith("$") or _PATH.fullmatch(text):
        return False
    return not text.isdecimal() or "pass" in name.lower()


def _is_variable(value: Value) -> bool:
    """Whether it stands where composegen takes `{secret: NAME}`."""
    return "environment" in value.at[-2:-1] and isinstance(value.at[-1], str)


def _place(value: Value) -> str:
    return f"`{value.name}`" if value.name else "a value"


def _variable(name: str) -> str:
    return re.sub(r"\W", "_", name).upper()


RULE = Rule(
    code="CG601",
    slug="secret-literal",
    severity=Severity.ERROR,
    check=check,
    basis=Basis.PLACES,
    doc=__doc__,
    bad=BAD,
    good=GOOD,
    sensitive=True,
)
