"""Which models a container pulls: what scripts in `command`, `entrypoint`, hooks and health checks say.

Shell is not run here, only read: `ollama pull NAME`, `ollama run NAME`, calls of `/api/pull`, loops over a list, and
variables whose value stands in the file.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from msgspec import Struct

from composegen import modelname
from composegen.importing.interpolation import Reference, parts
from composegen.importing.spots import Place, Spot, mapping_of

_PULL = re.compile(r"\bollama\s+(?:pull|run)\s+((?:--?[a-z-]+\s+)*)(\"[^\"\n]*\"|'[^'\n]*'|[^\s;&|<>)\"']+)")
_API = re.compile(r"/api/pull\b.{0,400}?[\"'\\]+(?:name|model)[\"'\\]+\s*:\s*[\"'\\]+([^\"'\\\s]+)", re.DOTALL)
_CREATE = re.compile(r"\bollama\s+create\s+(\S+)")
_LOOP = re.compile(r"\bfor\s+(\w+)\s+in\s+([^;\n]+?)\s*(?:;|\n)\s*do\b")
_VARIABLE = re.compile(r"\$(?:(\w+)|\{(\w+)(?::?-([^}]*))?\}|\{(\w+)//?[^}]*\})")
_SET = re.compile(r"(?:^|[\s;&])(\w+)=(\"[^\"\n]*\"|'[^'\n]*'|[^\s;&|]*)")
_SERVES = re.compile(r"\bollama\s+serve\b|^serve$")


class Pulls(Struct, frozen=True, kw_only=True):
    """What a container pulls, and what of that could not be told (as it is written)."""

    models: tuple[str, ...]
    unknown: tuple[str, ...]
    created: tuple[str, ...]
    place: Place | None

    def __bool__(self) -> bool:
        """Whether it pulls or creates anything."""
        return bool(self.models or self.unknown or self.created)


def of_service(service: Spot) -> Pulls:
    """What a service pulls."""
    script, place = _script(service)
    environment = {name: _text(spot.text or "") for name, spot in mapping_of(service.get("environment")).items()}
    names = [match[2].strip("\"'") for match in _PULL.finditer(script)] + [m[1] for m in _API.finditer(script)]
    loops = {match[1]: _words(match[2]) for match in _LOOP.finditer(script)}
    known = {**environment, **{match[1]: match[2].strip("\"'") for match in _SET.finditer(script)}}
    models: list[str] = []
    unknown: list[str] = []
    for name in names:
        found = _models(name, loops, known)
        models += found
        unknown += [] if found else [name]
    created = tuple(match[1] for match in _CREATE.finditer(script))
    return Pulls(
        models=tuple(dict.fromkeys(models)), unknown=tuple(dict.fromkeys(unknown)), created=created, place=place
    )


def serves(service: Spot) -> bool:
    """Whether a container runs the server: by an image that does so by itself, or by its script."""
    entrypoint, command = service.get("entrypoint"), service.get("command")
    if entrypoint is None and command is None:
        return True
    texts = [text for spot in (entrypoint, command) if spot is not None for text in spot.words()]
    if entrypoint is None:
        return bool(texts) and _SERVES.search(texts[0]) is not None
    return any(_SERVES.search(text) for text in texts) or (len(texts) == 1 and texts[0] in {"/bin/ollama", "ollama"})


def _script(service: Spot) -> tuple[str, Place | None]:
    """All that a container runs, as one text, and where the first of it stands."""
    spots = [service.get("entrypoint"), service.get("command"), service.get("healthcheck", "test")]
    spots += [entry.get("command") for entry in (service.get("post_start") or service).each()]
    found = [spot for spot in spots if spot is not None]
    texts = [" ".join(_text(word) for word in spot.words()) for spot in found]
    place = next((spot.place for spot, text in zip(found, texts, strict=True) if "pull" in text or "run" in text), None)
    return "\n".join(texts), place or (found[0].place if found else None)


def _text(text: str) -> str:
    """What the shell sees: variables of Compose stay, marked so that nothing is read into them."""
    return "".join(part if isinstance(part, str) else _mark(part) for part in parts(text))


_MARK = "\x01"


def _mark(reference: Reference) -> str:
    return f"{_MARK}{reference.name}:{reference.default or ''}{_MARK}"


def _words(text: str) -> list[str]:
    return [word.strip("\"'") for word in text.split()]


def _models(name: str, loops: Mapping[str, list[str]], known: Mapping[str, str], depth: int = 0) -> list[str]:
    """The models that a word of a script stands for; none where that cannot be told."""
    match = _VARIABLE.search(name)
    if match is None:
        model = _unmarked(name)
        return [model] if model and modelname.fault(re.sub(r"\$\{[^}]*\}", "x", model)) is None else []
    variable = match[1] or match[2] or match[4]
    values = loops.get(variable) or re.split(r"[,\s]+", known.get(variable, "") or match[3] or "")
    if depth > len(known) + len(loops) or depth > _DEEPEST:
        return []
    expanded = [name[: match.start()] + value + name[match.end() :] for value in values if value]
    return [model for word in expanded for model in _models(word, loops, known, depth + 1)]


_DEEPEST = 5


def _unmarked(text: str) -> str:
    """Compose's variables as a topology has them; "" where one has no default to fall back on."""
    marks = re.findall(f"{_MARK}([^:{_MARK}]*):([^{_MARK}]*){_MARK}", text)
    if any(not default for _, default in marks):
        return ""
    return re.sub(f"{_MARK}([^:{_MARK}]*):([^{_MARK}]*){_MARK}", r"${\1:-\2}", text)
