"""Something needs a service of another host whose ports only that host reaches.

## What happens

`127.0.0.1` (and `::1`, `localhost`) as `address` or `bind` keeps the ports of a host on that host. An app elsewhere,
or the gateway, asks itself or nobody: connection refused. Containers of the same host are no better off where they
would have to go through such a port; only those that reach each other by name are. Apps go through the gateway where it
routes the service, but not when it has `tls` and no `hostname`: no certificate would match, so they ask the instances.

## What to do

Publish the ports where they can be reached: an address of the network as `bind`, protected by a firewall. Or run the
app on the host of the service.
"""

from __future__ import annotations

from collections.abc import Iterator

from composegen.findings import Finding, Location, Severity
from composegen.plan import Plan
from composegen.resolve.address import unreachable_by
from composegen.resolve.gateway import for_apps
from composegen.rules import Rule
from composegen.topology import App, Host

BAD = """\
name: demo
hosts:
  one: {address: 10.0.0.1, bind: 127.0.0.1}
  two: {address: 10.0.0.2}
services:
  chat:
    hosts: {one: 1}
apps:
  page:
    host: two
    needs: [chat]  # expect: CG801
    compose: {image: "example/page:1.0"}
"""
GOOD = """\
name: demo
hosts:
  one: {address: 10.0.0.1}
  two: {address: 10.0.0.2}
services:
  chat:
    hosts: {one: 1}
apps:
  page:
    host: two
    needs: [chat]
    compose: {image: "example/page:1.0"}
"""


def check(plan: Plan) -> Iterator[Finding]:
    """Each need of an app, and each host behind the gateway, that nothing gets through to."""
    for app in plan.topology.apps.values():
        for index, need in enumerate(app.needs):
            if need.service in plan.topology.services:
                yield from _need(plan, app, need.service, index)
    yield from _gateway(plan)


def _need(plan: Plan, app: App, service: str, index: int) -> Iterator[Finding]:
    hosts = _ways(plan, app, service)
    keys = [unreachable_by(host) for host in hosts]
    if not hosts or None in keys:
        return
    names = " and ".join(f"`{host.name}`" for host in hosts)
    through = "the gateway" if for_apps(plan.gateway, plan.topology.services[service]) else f"service `{service}`"
    yield RULE.finding(
        f"app `{app.name}` on host `{app.host}` cannot reach {through}: its ports on {names} are bound to loopback",
        at=app.at("needs", index),
        related=[
            Location(path=host.at(key), label=f"only `{host.name}` itself reaches this")
            for host, key in zip(hosts, keys, strict=True)
            if key
        ],
        expected="an address of the network there, or the app on the same host",
    )


def _ways(plan: Plan, app: App, service: str) -> list[Host]:
    """The hosts through whose ports the app may reach the service; none where it needs no port."""
    by_name = "network_mode" not in app.compose
    on_host = app.compose.get("network_mode") == "host"
    if plan.gateway is not None and for_apps(plan.gateway, plan.topology.services[service]):
        hosts = {plan.gateway.host.name: plan.gateway.host}
        by_name = by_name and plan.gateway.container is not None
    else:
        hosts = {instance.host.name: instance.host for instance in plan.instances if instance.service.name == service}
    return [] if app.host in hosts and (by_name or on_host) else list(hosts.values())


def _gateway(plan: Plan) -> Iterator[Finding]:
    if plan.gateway is None:
        return
    servers = [server for route in plan.gateway.routes for server in route.servers]
    for host in {server.instance.host.name: server.instance.host for server in servers}.values():
        key = unreachable_by(host)
        if key is not None and host.name != plan.gateway.host.name:
            yield RULE.finding(
                f"the gateway on host `{plan.gateway.host.name}` cannot reach the instances on host `{host.name}`, "
                "whose ports are bound to loopback",
                at=host.at(key),
                related=[Location(path=plan.gateway.spec.at("host"), label="the gateway runs here")],
                expected=f"an address of the network, as `{key}`",
            )


RULE = Rule(
    code="CG801",
    slug="service-out-of-reach",
    severity=Severity.ERROR,
    check=check,
    doc=__doc__ or "",
    bad=BAD,
    good=GOOD,
)
