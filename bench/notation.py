"""The templates of pattern.py in the notation of each peer: Jinja, Go templates, Jsonnet."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence

from bench.pattern import Each, Node, Value
from bench.workload import SETTINGS


def jinja(nodes: Sequence[Node]) -> str:
    """For Jinja: needs `hosts` (name, address, number), `host` in files of one host, `instances`, `settings`."""
    return "".join(map(_jinja, nodes))


def _jinja(node: Node) -> str:
    match node:
        case str():
            return re.sub(r"\{[{%#]", lambda found: "{{ '" + found.group() + "' }}", node)
        case Value(kind=kind) if kind in SETTINGS:
            return f"{{{{ settings.{kind} }}}}"
        case Value(kind="number"):
            return f"{{{{ {_sum(node, 'host.number', 'k')} }}}}"
        case Value(kind=kind):
            return f"{{{{ host.{kind} }}}}"
        case Each(over=over, first=first, count=count, body=body):
            loop = {
                "host": f"host in hosts[{first - 1}:]",
                "k": f"k in range({count})",
                "all": f"k in range(hosts|length * instances - {count})",
            }
            return f"{{% for {loop[over]} %}}{jinja(body)}{{% endfor %}}"


def _sum(value: Value, number: str, k: str) -> str:
    parts = ((value.of_host, number), (value.step, k))
    terms = [name if factor == 1 else f"{factor} * {name}" for factor, name in parts if factor]
    return " + ".join([*terms, *([str(value.constant)] if value.constant or not terms else [])])


def jsonnet(nodes: Sequence[Node]) -> str:
    """An expression for Jsonnet; `hosts`, `host`, `instances` and `settings` must be bound."""
    return "std.join('', [" + ", ".join(map(_jsonnet, nodes)) + "])"


def _jsonnet(node: Node) -> str:
    match node:
        case str():
            return json.dumps(node, ensure_ascii=False)
        case Value(kind=kind) if kind in SETTINGS:
            return f"settings.{kind}"
        case Value(kind="number"):
            return f"std.toString({_sum(node, 'host.number', 'k')})"
        case Value(kind=kind):
            return f"host.{kind}"
        case Each(over=over, first=first, count=count, body=body):
            loop = {
                "host": f"host in hosts[{first - 1}:]",
                "k": f"k in std.range(0, {count - 1})",
                "all": f"k in std.range(0, std.length(hosts) * instances - {count + 1})",
            }
            return f"std.join('', [{jsonnet(body)} for {loop[over]}])"


def golang(nodes: Sequence[Node]) -> str:
    """For Helm: needs `$hosts`, `$host` in files of one host, `$instances`, `$settings`; sprig's functions are used."""
    return "".join(map(_golang, nodes))


def _golang(node: Node) -> str:
    match node:
        case str():
            return node.replace("{{", '{{ "{{" }}')
        case Value(kind=kind) if kind in SETTINGS:
            return f"{{{{ $settings.{kind} }}}}"
        case Value(kind="number"):
            parts = ((node.of_host, "$host.number"), (node.step, "$k"))
            terms = [name if factor == 1 else f"(mul {factor} {name})" for factor, name in parts if factor]
            return f"{{{{ add {' '.join(terms)} {node.constant} }}}}"
        case Value(kind=kind):
            return f"{{{{ $host.{kind} }}}}"
        case Each(over=over, first=first, count=count, body=body):
            loop = {
                "host": f"$host := slice $hosts {first - 1}",
                "k": f"$k := until {count}",
                "all": f"$k := until (int (sub (mul (len $hosts) $instances) {count}))",
            }
            return f"{{{{ range {loop[over]} }}}}{golang(body)}{{{{ end }}}}"
