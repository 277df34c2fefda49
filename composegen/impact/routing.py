"""What differs in a dynamic file of Traefik's, in the words of the topology: routers, servers, certificates."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import PurePosixPath
from typing import Any

from composegen.impact.model import ABSENT, Difference
from composegen.impact.reading import section
from composegen.impact.wording import value, words

DYNAMIC = "traefik/dynamic/"
STATIC = "traefik/traefik.yaml"
_BALANCE = "wrr"
"""What Traefik does where no strategy is stated."""


def telling(found: Sequence[Difference]) -> Sequence[Difference]:
    """Those that say something: weights come and go with the strategy, which is told."""
    return [one for one in found if not _is_dropped_weight(one)] or found


def told(found: Sequence[Difference]) -> list[str]:
    """Each thing once, routers that come and go first."""
    servers = [one for one in found if is_server(one)]
    routers = list(_routers(found))
    rest = (one for one in found if not is_server(one) and not (routers and _comes_or_goes(one)))
    return list(dict.fromkeys([*routers, *_servers(servers), *map(_words, rest)]))


def _routers(found: Sequence[Difference]) -> Iterator[str]:
    """`+router demo-chat`; the services and middlewares that come and go with routers are not told."""
    for one in found:
        if _comes_or_goes(one) and one.path[1] == "routers":
            yield f"{'+' if one.before is ABSENT else '-'}router {one.path[2]}"


def _comes_or_goes(difference: Difference) -> bool:
    """Whether a whole router, service or middleware is new or gone."""
    path, sides = difference.path, (difference.before, difference.after)
    return path[:1] == ("http",) and len(path) == 3 and ABSENT in sides  # noqa: PLR2004 - the depth of their names


def _words(difference: Difference) -> str:
    if difference.path[-1:] == ("strategy",):
        old, new = (_BALANCE if side is ABSENT else value(side) for side in (difference.before, difference.after))
        return f"balance {old} -> {new}"
    if difference.path[-2:] == ("retry", "attempts"):  # follows the number of servers where nobody states it
        return f"tries {value(difference.before)} -> {value(difference.after)}"
    return _of_hostname(difference) or _of_field(difference) or words(_short(difference))


def _of_hostname(difference: Difference) -> str:
    """`hostname a -> b`, where a rule differs in nothing else; "" where it does."""
    before, after = difference.before, difference.after
    if difference.path[-1:] != ("rule",) or not isinstance(before, str) or not isinstance(after, str):
        return ""
    old, new = (_HOST.search(side) for side in (before, after))
    if old is None or new is None or before.replace(old[0], new[0]) != after:
        return ""
    return f"hostname {old[1]} -> {new[1]}"


def _of_field(difference: Difference) -> str:
    """What differs as the topology calls it, without where it stands in Traefik's file; "" for anything else."""
    before, after = difference.before, difference.after
    match difference.path:
        case ("http", *_, "sticky") if ABSENT in (before, after):
            return "sticky on" if before is ABSENT else "sticky off"
        case ("http", *_, "ipAllowList", "sourceRange"):
            name = "allow"
        case ("http", *_, "basicAuth", "usersFile") if not difference.sensitive:
            name, before, after = "users", PurePosixPath(str(before)).name, PurePosixPath(str(after)).name
        case ("http", "routers", _, "tls") | ("http", *_, "cookie", "secure") if ABSENT in (before, after):
            return "TLS on" if before is ABSENT else "TLS off"
        case ("http", "routers", _, "tls", "certResolver"):
            name = "certificate resolver"
        case ("tls",) if ABSENT in (before, after):
            name, before, after = "certificate", _certificate(before), _certificate(after)
        case ("tls", *_, "certFile" | "keyFile" as file) if not difference.sensitive:
            name, before, after = _CALLED[file], PurePosixPath(str(before)).name, PurePosixPath(str(after)).name
        case _:
            return ""
    return words(Difference(path=(name,), before=before, after=after))


_CALLED = {"certFile": "certificate", "keyFile": "its key"}


def _certificate(side: Any) -> object:
    """The file of the one certificate that is stated: the default one, or in the list where others run Traefik."""
    match side:
        case {"stores": {"default": {"defaultCertificate": {"certFile": str(file)}}}}:
            return PurePosixPath(file).name
        case {"certificates": [{"certFile": str(file)}, *_]}:
            return PurePosixPath(file).name
    return None if isinstance(side, dict) else side


_HOST = re.compile(r"Host\(`([^`]+)`\)")


def is_server(difference: Difference) -> bool:
    """Whether it is one server of a service, as a whole."""
    return len(difference.path) == 6 and "servers" in difference.path  # noqa: PLR2004 - the depth of a server


def switches_tls(files: Sequence[tuple[Any, Any]], *, on: bool) -> bool:
    """Whether TLS comes (`on`) or goes with what changes, whatever the routers and files are called.

    `files` has each file before and after. Where one side routes nothing, there is nobody to switch.
    """
    before, after = _has_tls(side for side, _ in files), _has_tls(side for _, side in files)
    return (before, after) == (not on, on)


def _has_tls(files: Iterable[Any]) -> bool | None:
    """Whether any router has TLS; None where there is none."""
    routers = [router for file in files for router in section(section(file, "http"), "routers").values()]
    return any(isinstance(router, dict) and "tls" in router for router in routers) if routers else None


def _is_dropped_weight(difference: Difference) -> bool:
    return difference.path[-1:] == ("weight",) and ABSENT in (difference.before, difference.after)


def _servers(found: Sequence[Difference]) -> Iterator[str]:
    """`+1 server (weight 2)`, by weight; the writer's own service repeats its server and is left out."""
    said = list(_came_and_went(found))
    if len(said) == 2 and said[0][1:] == said[1][1:]:  # noqa: PLR2004 - as many came as went
        yield f"{said[0][1:]} at {'other URLs' if 'servers' in said[0] else 'another URL'}"
    else:
        yield from said


def _came_and_went(found: Sequence[Difference]) -> Iterator[str]:
    for sign, side in (("+", "after"), ("-", "before")):
        other = "before" if side == "after" else "after"
        some = [getattr(one, side) for one in found if getattr(one, other) is ABSENT]
        distinct = {str(one.get("url")): one for one in some if isinstance(one, dict)}
        weights = sorted({one["weight"] for one in distinct.values() if "weight" in one})
        if distinct:
            weight = f" (weight {', '.join(map(str, weights))})" if weights else ""
            yield f"{sign}{len(distinct)} server{'s' * (len(distinct) > 1)}{weight}"


def _short(difference: Difference) -> Difference:
    """The same, its path beginning at what people know."""
    path = difference.path
    if "servers" in path:
        path = path[-1:]
    elif path[:1] == ("http",):
        path = path[2:]
    return Difference(path=path, before=difference.before, after=difference.after, sensitive=difference.sensitive)
