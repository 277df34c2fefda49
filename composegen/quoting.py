"""The quoting filters of the templates: text as it must stand in each kind of file so that its reader gets that text.

Every expression of a template ends in one of these; `FILTERS` gives them their names. None of them trusts its input.
"""

from __future__ import annotations

import html
import re
import shlex
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

from composegen import yamltext
from composegen.plan import SecretRef


def yaml(value: object, indent: int | None = None) -> str:
    """A value in YAML: on one line, or with `indent` as a block whose further lines are that many spaces in."""
    return _yaml(value, indent, yamltext.PLAIN_YAML)


def compose(value: object, indent: int | None = None) -> str:
    """A value in a Compose file, like `yaml`: each `$` doubled, a secret as the reference that Compose resolves."""
    return _yaml(value, indent, _COMPOSE)


def traefik(value: object, indent: int | None = None) -> str:
    """A value in a file of Traefik's file provider, like `yaml`.

    Traefik runs the file through Go's text/template first, so two opening braces must never meet (pkg/provider/file).
    """
    return _yaml(value, indent, _TRAEFIK)


def folded(line: object) -> str:
    """A line of a folded block scalar (`>-`), where nothing can be escaped; ValueError for what would not fit."""
    text = str(line)
    if not text or text != text.strip() or not text.isprintable() or "{{" in text:
        raise ValueError(f"{text!r} cannot stand as a line of a folded text")
    return text


def comment(value: object) -> str:
    """Text inside a comment line, of whatever file: no line breaks, nothing that a template engine would see."""
    text = str(value)
    if not text.isprintable():
        text = "".join(character if character.isprintable() else " " for character in text)
    return text.replace("{", "(").replace("}", ")") if "{{" in text or "}}" in text else text


def sh(value: object, *, quoted: bool = False) -> str:
    """A word of a POSIX shell command; a list becomes several words.

    `quoted`: in quotes also where the shell needs none. A reader may take `name=host-1` for a subtraction, and
    shellcheck does (SC2100).
    """
    if quoted:
        return _quoted(str(value)) or "''"
    match value:
        case [*words]:
            return " ".join([_word(str(word)) for word in words])
    return _word(str(value))


def fstab(value: object) -> str:
    """Fields of fstab lines: blanks, line breaks and backslashes as three octal digits."""
    return _octal(str(value), r"[\s\\]")


def exports(value: object) -> str:
    """Paths of exports: all that ends a word, quotes or begins a comment as three octal digits."""
    return _octal(str(value), r"[\s\\\"'#()]")


def systemd(value: object) -> str:
    """A path or a unit name in settings such as `RequiresMountsFor=` and `Wants=`: `%` is doubled.

    These take quotes off as a shell does, but keep backslashes (systemd's load-fragment.c: EXTRACT_RETAIN_ESCAPE).
    """
    text = str(value).replace("%", "%%")
    return text if re.fullmatch(r"[^\s'\"]+(?<!\\)", text) else shlex.quote(text)


def md(value: object) -> str:
    """Text in a line or a table cell of Markdown."""
    text = " ".join(str(value).split())
    text = re.sub(r"([\\`*_\[\]|~$#!])", r"\\\1", text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;"))
    return re.sub(r"^([-+=]|[0-9]+(?=[.)](?:\s|$)))", lambda match: _start(match[0]), text)


def mdcode(value: object) -> str:
    """Code in a line or a table cell of Markdown; as HTML where back-ticks or bars stand in the way."""
    text = " ".join(str(value).split())
    if text and "`" not in text and "|" not in text:
        return f"`{text}`"
    return f"<code>{_entities(html.escape(text))}</code>"


def mermaid(value: object) -> str:
    """A label of a Mermaid diagram, in its double quotes; Mermaid's own entities begin with `#`.

    Quotes are not enough: it takes `%%{...}%%` for settings wherever that stands.
    """
    text = " ".join(str(value).split())
    return '"' + re.sub(r"[#&\"<>`%{}]", lambda match: f"#{ord(match[0])};", text) + '"'


_REMEMBERED = 1 << 16
"""Words whose form is kept: the files of many hosts hold the same ones over and over."""


@lru_cache(maxsize=_REMEMBERED)
def _word(text: str) -> str:
    return _quoted(text) if "\\" in text else shlex.quote(text)


def _quoted(text: str) -> str:
    """In single quotes, none of which closes after a backslash: that looks like an escape (shellcheck SC1003)."""
    return '"\'"'.join(_piece(piece) for piece in text.split("'"))


def _piece(text: str) -> str:
    plain = text.rstrip("\\")
    escaped = "\\\\" * (len(text) - len(plain))
    return (f"'{plain}'" if plain else "") + (f'"{escaped}"' if escaped else "")


FILTERS: Mapping[str, Callable[..., str]] = {
    function.__name__: function
    for function in (yaml, compose, traefik, folded, comment, sh, fstab, exports, systemd, md, mdcode, mermaid)
}
"""The filters, by the names that templates use."""


def _yaml(value: object, indent: int | None, style: yamltext.Style) -> str:
    if isinstance(value, str):
        return yamltext.literal(value, style)
    return yamltext.flow(value, style) if indent is None else yamltext.block(value, indent, style)


def _reference(value: Any) -> str:
    match value:
        case SecretRef(name=name):
            return f"${{{name}:?set {name} in the shell or in .env}}"
        case _:
            raise TypeError(f"{value!s:.80} has no form in a Compose file")


_COMPOSE = yamltext.Style(literal=lambda text: text.replace("$", "$$"), other=_reference)
_TRAEFIK = yamltext.Style(escaped={**yamltext.PLAIN_YAML.escaped, "{": "\\u007b"})


def _octal(text: str, characters: str) -> str:
    return re.sub(characters, lambda match: "".join(f"\\{byte:03o}" for byte in match[0].encode()), text)


def _start(mark: str) -> str:
    return f"&#{ord(mark[0])};{mark[1:]}" if mark[0].isdigit() else f"\\{mark}"


def _entities(text: str) -> str:
    return re.sub(r"[`|*_\[\]\\]", lambda match: f"&#{ord(match[0])};", text)
