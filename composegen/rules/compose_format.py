"""A value under `compose:` is not written as Compose reads it.

## What happens

Compose's own schema calls many values just text: ports, durations, sizes, numbers in quotes. What the text means is
found out only when the file is loaded, and one that means nothing (`99999:80`, an `interval` of `10`, a `mem_limit` of
`1x`) makes Compose refuse the whole file, so nothing of that host starts.

## What to do

| what | is written as |
|---|---|
| port | `80`, `8080:80`, `10.0.0.1:8080:80/udp`, `[::1]:8080:80`, ranges of equal length |
| duration | `10s`, `1h30m`, `500ms`; the unit is not optional |
| size | `512m`, `1.5g`, `64KiB`, or a number of bytes |
| volume | `/data`, `db:/data`, `./conf:/etc/conf:ro` |
| device | `/dev/dri`, `/dev/dri:/dev/dri:rwm` |
| extra host | `name=address`, or a mapping |
| number, true or false | without quotes |
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from msgspec import Struct

from composegen.findings import Basis, Finding, Severity
from composegen.keypath import KeyPath
from composegen.plan import Plan
from composegen.resolve.apps import volume_name
from composegen.rules import Rule, _formats
from composegen.rules._compose import found, written
from composegen.suggestion import cut

BAD = """\
name: demo
hosts: {box: {address: 10.0.0.1}}
services:
  chat:
    hosts: {box: 1}
    compose:
      shm_size: 1x  # expect: CG807
apps:
  web:
    host: box
    compose:
      image: example/web:1.4.2
      ports: ["99999:80"]  # expect: CG807
      volumes: [":/data"]  # expect: CG807
      healthcheck:
        test: [CMD, "true"]
        interval: "10"  # expect: CG807
"""
GOOD = """\
name: demo
hosts: {box: {address: 10.0.0.1}}
services:
  chat:
    hosts: {box: 1}
    compose:
      shm_size: 1g
apps:
  web:
    host: box
    compose:
      image: example/web:1.4.2
      ports: ["9999:80"]
      volumes: ["web-data:/data"]
      healthcheck:
        test: [CMD, "true"]
        interval: 10s
"""


class Format(Struct, frozen=True, kw_only=True):
    """How some values are written: their places under `compose:`, with `*` for any entry, and what is right there."""

    places: str
    fits: Callable[[Any], bool]
    expected: str


_DURATIONS = """
healthcheck.interval healthcheck.timeout healthcheck.start_period healthcheck.start_interval stop_grace_period
deploy.update_config.delay deploy.update_config.monitor deploy.rollback_config.delay deploy.rollback_config.monitor
deploy.restart_policy.delay deploy.restart_policy.window
"""
_SIZES = """
mem_limit mem_reservation memswap_limit mem_swappiness shm_size build.shm_size volumes.*.tmpfs.size
deploy.resources.limits.memory deploy.resources.reservations.memory blkio_config.device_read_bps.*.rate
blkio_config.device_write_bps.*.rate blkio_config.device_read_iops.*.rate blkio_config.device_write_iops.*.rate
"""
_WHOLE_NUMBERS = """
cpu_period cpu_quota cpu_rt_period cpu_rt_runtime cpu_shares oom_score_adj pids_limit deploy.resources.limits.pids
ulimits.* ulimits.*.hard ulimits.*.soft build.ulimits.* build.ulimits.*.hard build.ulimits.*.soft
deploy.resources.reservations.generic_resources.*.discrete_resource_spec.value
"""
_NATURALS = """
scale deploy.replicas cpu_count umask healthcheck.retries deploy.update_config.parallelism
deploy.rollback_config.parallelism deploy.restart_policy.max_attempts deploy.placement.max_replicas_per_node
"""
_NUMBERS = """
cpus deploy.update_config.max_failure_ratio deploy.rollback_config.max_failure_ratio
deploy.resources.limits.cpus deploy.resources.reservations.cpus
"""
_TRUTHS = """
init oom_kill_disable privileged read_only stdin_open tty attach use_api_socket healthcheck.disable
volumes.*.read_only volumes.*.volume.nocopy volumes.*.bind.create_host_path build.no_cache build.pull build.privileged
develop.watch.*.exec.privileged post_start.*.privileged pre_stop.*.privileged pre_start.*.privileged
pre_start.*.per_replica networks.*.use_service_name_alias
"""
_OPTION_TRUTHS = "*.external *.internal *.attachable *.enable_ipv4 *.enable_ipv6"

_TRUE_OR_FALSE = "true or false"
FORMATS = (
    Format(places=_DURATIONS, fits=_formats.is_duration, expected="a duration with its unit, such as 10s or 1m30s"),
    Format(places=_SIZES, fits=_formats.is_size, expected="a size such as 512m or 1.5g"),
    Format(places=_WHOLE_NUMBERS, fits=_formats.is_whole, expected="a whole number"),
    Format(places=_NUMBERS, fits=_formats.is_number, expected="a number"),
    Format(places=_TRUTHS, fits=_formats.is_truth, expected=_TRUE_OR_FALSE),
    Format(places=_NATURALS, fits=_formats.is_natural, expected="a whole number, not below 0"),
    Format(places="cpu_percent", fits=_formats.is_percentage, expected="a whole number from 0 to 100"),
    Format(
        places="blkio_config.weight blkio_config.weight_device.*.weight",
        fits=_formats.is_weight,
        expected="a whole number from 0 to 65535, without quotes",
    ),
    Format(places="ports.*.target", fits=_formats.is_target, expected="a port of the container"),
    Format(places="group_add.* expose.*", fits=_formats.is_word, expected="a text or a whole number"),
    Format(places="develop.watch.*.path", fits=bool, expected="a path"),
    Format(
        places="gpus.*.count deploy.resources.reservations.devices.*.count",
        fits=_formats.is_amount,
        expected="a whole number, or all",
    ),
    Format(places="ports.*", fits=_formats.is_port, expected="a port such as 8080:80 or 10.0.0.1:8080:80/udp"),
    Format(places="ports.*.host_ip", fits=_formats.is_address, expected="an IP address"),
    Format(places="volumes.*", fits=_formats.is_mount, expected="a volume such as db:/data or ./conf:/etc/conf:ro"),
    Format(places="healthcheck.test", fits=_formats.is_test, expected="a list that begins with CMD, CMD-SHELL or NONE"),
    Format(places="devices.*", fits=_formats.is_device, expected="a device such as /dev/dri:/dev/dri:rwm"),
)


def check(plan: Plan) -> Iterator[Finding]:
    """One finding per value that Compose cannot read."""
    for part in written(plan):
        for path, value, expected in _wrong(part.keys):
            yield _finding(part.whose, part.at(*path), path, value, expected)
    for app in plan.topology.apps.values():
        for section, options in (("volumes", app.volumes), ("networks", app.networks)):
            for path, value in _unfit(options, Format(places=_OPTION_TRUTHS, fits=_formats.is_truth, expected="")):
                yield _finding(f"app `{app.name}`", app.at(section, *path), path, value, _TRUE_OR_FALSE)


def _wrong(keys: Mapping[str, Any]) -> Iterator[tuple[KeyPath, Any, str]]:
    for one in FORMATS:
        yield from ((path, value, one.expected) for path, value in _unfit(keys, one))
    for path, name in _names(keys):
        if not _formats.is_key(name):
            yield path, name, "a name of letters, digits, dots, dashes and underscores"
    hosts = keys.get("extra_hosts")
    for path, value in found(hosts, ("*",), ("extra_hosts",)):
        if not _formats.is_host(value if isinstance(hosts, list | tuple) else f"{path[-1]}="):
            yield path, value, "name=address"


def _names(keys: Mapping[str, Any]) -> Iterator[tuple[KeyPath, Any]]:
    """Of networks and volumes, which become keys of the Compose file."""
    for path, entry in found(keys, ("networks", "*")):
        yield path, entry if isinstance(keys["networks"], list | tuple) else path[-1]
    for path, mount in found(keys, ("volumes", "*")):
        name = volume_name(mount)
        if name is not None and _formats.is_mount(mount):
            yield path, name


def _unfit(keys: Any, one: Format) -> Iterator[tuple[KeyPath, Any]]:
    for place in one.places.split():
        for path, value in found(keys, place.split(".")):
            if value is not None and not isinstance(value, Mapping) and not one.fits(value):
                yield path, value


def _finding(whose: str, at: KeyPath, path: KeyPath, value: Any, expected: str) -> Finding:
    key = next(part for part in reversed(path) if isinstance(part, str))
    return RULE.finding(f"Compose cannot read `{key}` of {whose}: `{cut(str(value))}`", at=at, expected=expected)


RULE = Rule(
    code="CG807",
    slug="compose-format",
    severity=Severity.ERROR,
    check=check,
    doc=__doc__,
    bad=BAD,
    good=GOOD,
    basis=Basis.PLACES,
)
