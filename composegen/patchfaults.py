"""What can be wrong with a patch, in words; who finds it is `patches`."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

from composegen.findings import Finding, Location, Part, Severity
from composegen.keypath import KeyPath, show
from composegen.selectors import Key, at, select
from composegen.suggestion import cut, did_you_mean, one_of

if TYPE_CHECKING:
    from composegen.selectors import Selector
    from composegen.topology import Patch

OPERATIONS = ("set", "merge", "remove")
"""The fields of which a patch has exactly one."""

_SLUGS = {"CG110": "patch-form", "CG111": "patch-unmatched", "CG112": "patch-owned"}
_SHOWN = 3


class WrongError(Exception):
    """A patch cannot be applied; carries the finding."""

    def __init__(self, finding: Finding) -> None:
        super().__init__(finding.message)
        self.finding = finding


def not_one_operation(patch: Patch, stated: Sequence[str]) -> WrongError:
    """It does not say what to do, or says several things."""
    have = " and ".join(f"`{name}`" for name in stated)
    message = f"the patch has {have}, and can do only one" if stated else "the patch does not say what to do"
    expected = f"one of: {', '.join(OPERATIONS)}"
    hint = "" if stated else "to take something out, write `remove: true`; `set` cannot write `null`"
    return _wrong("CG110", patch, message, *stated[1:2], part="key", expected=expected, hint=hint)


def no_path(patch: Patch) -> WrongError:
    """What it is to match is no key path."""
    return _wrong(
        "CG110",
        patch,
        f"`{cut(patch.match)}` is no key path",
        "match",
        expected="a path such as `services.traefik` or `http.routers.*.middlewares[0]`",
        hint='a key with a blank, a dot or a bracket stands in double quotes: labels."traefik.enable"',
    )


def no_mapping(patch: Patch, file: PurePosixPath, place: KeyPath) -> WrongError:
    """It merges into what is no mapping."""
    message = f"`{cut(show(place))}` in {file} is no mapping, so nothing can be merged into it"
    return _wrong("CG110", patch, message, "merge", part="key", expected="`set`, or a `match` that finds a mapping")


def no_host(patch: Patch, index: int | None, names: Sequence[str]) -> WrongError:
    """It is for no host at all, or for one that there is not."""
    if index is None:
        return _wrong("CG111", patch, "the patch is for no host", "hosts", hint="leave `hosts` out for all of them")
    pattern = patch.hosts[index]
    message = f"the patch is for `{cut(pattern)}`, and there is no such host"
    hint = did_you_mean(pattern, names)
    return _wrong("CG111", patch, message, "hosts", index, expected=one_of(names), hint=hint)


def not_yaml(patch: Patch, files: Sequence[str]) -> WrongError:
    """It is for a script or another file without keys."""
    message = f"`{cut(patch.file)}` is no YAML file, so it cannot be patched"
    hint = "replace its template: composegen templates list"
    return _wrong("CG111", patch, message, "file", expected=one_of(files) if files else "", hint=hint)


def no_file(patch: Patch, index: int, files: Sequence[str]) -> WrongError:
    """It is for a file that is not there."""
    message = f"the patch is for `{cut(patch.file)}`, which no host `{cut(patch.hosts[index])}` has"
    expected = one_of(files) if files else ""
    return _wrong("CG111", patch, message, "file", expected=expected, hint=did_you_mean(patch.file, files))


def miscounted(patch: Patch, file: PurePosixPath, data: Any, selector: Selector) -> WrongError:
    """It finds another number of places than it says."""
    places = tuple(select(data, selector))
    wanted = "at least one" if patch.count == "any" else str(patch.count)
    message = f"`{cut(patch.match)}` finds {len(places) or 'nothing'} in {file}, not {wanted}"
    if not places:
        expected, hint = _there(data, selector), _advice(patch, data, selector)
        return _wrong("CG111", patch, message, "match", expected=expected, hint=hint)
    shown = ", ".join(f"`{cut(show(one))}`" for one in islice(places, _SHOWN))
    hint = f"it finds {shown}" + (" and more" if len(places) > _SHOWN else "")
    return _wrong("CG111", patch, message, "match", hint=hint)


def taken(
    patch: Patch, inside: KeyPath, file: PurePosixPath, changed: KeyPath, place: KeyPath, instead: str
) -> WrongError:
    """It changes a place at which something is composegen's; `instead` is the field that means the same.

    Told at what leads there: the path `inside` what is merged, else what the patch matches.
    """
    message = f"composegen decides on `{cut(show(place))}` in {file} itself"
    if len(place) > len(changed):
        message = f"`{cut(show(changed))}` in {file} holds what composegen decides on itself: `{cut(show(place))}`"
    expected = instead or "a place that composegen leaves to you"
    hint = "a compose.override.yaml beside the file may overrule it" if file.name == "compose.yaml" else ""
    hint = "" if instead else hint
    if inside:
        return _wrong("CG112", patch, message, "merge", *inside, part="key", expected=expected, hint=hint)
    return _wrong("CG112", patch, message, "match", expected=expected, hint=hint)


def _furthest(data: Any, selector: Selector) -> tuple[int, KeyPath]:
    """How many steps find something, and the first place that they find."""
    for length in range(len(selector) - 1, 0, -1):
        found = next(select(data, selector[:length]), None)
        if found is not None:
            return length, found
    return 0, ()


def _there(data: Any, selector: Selector) -> str:
    """What stands where the path leads nowhere."""
    _, place = _furthest(data, selector)
    match at(data, place):
        case dict() as found if found:
            return one_of(found)
        case list() as found if found:
            return f"one of the {len(found)} items of a list, from [0]"
    return f"no more than `{cut(show(place))}`"


def _advice(patch: Patch, data: Any, selector: Selector) -> str:
    """A near key; or how to add one, where that was meant."""
    length, place = _furthest(data, selector)
    missing, found = selector[length], at(data, place)
    if not isinstance(missing, Key) or not isinstance(found, dict):
        return ""
    near = did_you_mean(missing.text, found)
    if near or patch.set is None or length < len(selector) - 1 or not place:
        return near
    return f"to add a key, match `{cut(show(place))}` and merge {{{cut(missing.text)}: ...}} into it"


def _wrong(
    code: str, patch: Patch, message: str, *at: str | int, part: Part = "value", expected: str = "", hint: str = ""
) -> WrongError:
    where = Location(path=patch.at(*at), part=part)
    return WrongError(
        Finding(
            code=code,
            slug=_SLUGS[code],
            severity=Severity.ERROR,
            message=message,
            where=where,
            expected=expected,
            hint=hint,
        )
    )
