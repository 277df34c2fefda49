"""The topology language: every field, declared once.

From these declarations come the JSON Schema (`schema.py`), the loader (`build.py`) and the reference page. Defaults are
here and nowhere else. This module decides nothing: what follows from a topology is the business of `resolve`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Literal

from composegen.fields import (
    COMPOSE_NAME,
    NAME,
    VARIABLE,
    AbsolutePath,
    CidrBlock,
    Count,
    Duration,
    FilePath,
    Foreign,
    HostAddress,
    HostName,
    ImageName,
    InnerPath,
    IpAddress,
    KeyLimits,
    Limits,
    Name,
    Named,
    NotEmpty,
    OldStore,
    OneLine,
    Port,
    ProjectName,
    Ref,
    RelativePath,
    Section,
    Size,
    VariableName,
    Verbatim,
    Version,
    Weight,
    says,
)

HostRef = Annotated[str, Ref("hosts")]
StoreRef = Annotated[str, Ref("stores")]
ServiceRef = Annotated[str, Ref("services")]


class Secret(Section, frozen=True, kw_only=True):
    """A value that composegen never sees: Compose reads it at `up` from the shell or from the host's own `.env`."""

    EXAMPLE: ClassVar[Any] = {"secret": "HF_TOKEN"}

    secret: VariableName = says("Name of the environment variable that holds the secret.", example="HF_TOKEN")


EnvironmentValue = Annotated[str | int | float | bool, Verbatim()] | Secret
Environment = Annotated[Mapping[str, EnvironmentValue], KeyLimits(VARIABLE)]
ComposeService = Annotated[Mapping[str, Any], Foreign("service")]
ComposeVolume = Annotated[Mapping[str, Any], Foreign("volume")]
ComposeNetwork = Annotated[Mapping[str, Any], Foreign("network")]


class HostGpus(Section, frozen=True, kw_only=True):
    """The GPUs of a host and the way containers get them."""

    EXAMPLE: ClassVar[Any] = {"vendor": "nvidia", "devices": ["0", "1"]}

    vendor: Literal["nvidia", "amd", "intel"] = says("Maker of the GPUs.", example="nvidia")
    devices: tuple[OneLine, ...] = says(
        "Ids of the GPUs: index or UUID (NVIDIA, `nvidia-smi -L`), index or UUID (AMD), index (Intel). Quote numbers.",
        example=["0", "1"],
    )
    mode: Literal["reservation", "gpus", "runtime", "cdi", "devices"] | None = says(
        "How Docker hands the GPUs over. Default: `reservation` for nvidia, `devices` for amd and intel.",
        example="reservation",
        default=None,
    )


class DockerVersions(Section, frozen=True, kw_only=True):
    """The Docker versions on a host. Absent: Engine 20.10 and Compose 2.20, the oldest that are supported."""

    EXAMPLE: ClassVar[Any] = {"engine": "29.2", "compose": "5.6"}

    engine: Version = says("Version of Docker Engine.", example="29.2", default="20.10")
    compose: Version = says("Version of Docker Compose.", example="5.6", default="2.20")


class Host(Named, frozen=True, kw_only=True):
    """One machine that runs Docker."""

    EXAMPLE: ClassVar[Any] = {"address": "10.0.0.84", "ssh": "ops@10.0.0.84"}

    address: HostAddress = says("Address by which the other hosts and the users reach it.", example="10.0.0.84")
    bind: IpAddress | None = says(
        "Address on which its ports are published. Default: `address`; required when that is a DNS name.",
        example="10.0.0.84",
        default=None,
    )
    ssh: OneLine | None = says(
        "Where scripts reach it by ssh, `user@host`. Absent: the host is the machine on which the script runs.",
        example="ops@10.0.0.84",
        default=None,
    )
    directory: AbsolutePath | None = says(
        "Absolute folder that holds this host's part of the tree. Default: `/opt/<name>`.",
        example="/opt/ollama",
        default=None,
    )
    gpus: HostGpus | None = says("Its GPUs. Absent: none.", example=HostGpus.EXAMPLE, default=None)
    docker: DockerVersions = says(
        "The Docker versions on it, to allow what is newer than Engine 20.10 and Compose 2.20.",
        example=DockerVersions.EXAMPLE,
        default=DockerVersions,
    )


class DirectoryStore(Named, frozen=True, kw_only=True):
    """A folder on each host that uses it; hosts do not share it."""

    EXAMPLE: ClassVar[Any] = {"kind": "directory", "path": "/srv/ollama/models"}

    kind: Literal["directory"] = says("A folder of the host.", example="directory")
    path: AbsolutePath = says("Folder that holds `blobs/` and `manifests/`.", example="/srv/ollama/models")


class VolumeStore(Named, frozen=True, kw_only=True):
    """A named Docker volume on each host that uses it; hosts do not share it."""

    EXAMPLE: ClassVar[Any] = {"kind": "volume"}

    kind: Literal["volume"] = says("A named volume of Docker.", example="volume")


class NfsStore(Named, frozen=True, kw_only=True):
    """A folder that one host or a NAS exports over NFS: one writer, everybody else reads."""

    EXAMPLE: ClassVar[Any] = {"kind": "nfs", "server": "server80", "path": "/opt/ollama-models"}

    kind: Literal["nfs"] = says("A folder exported over NFS.", example="nfs")
    server: HostRef | None = says(
        "Host of this file that exports the folder. Either this or `external`.", example="server80", default=None
    )
    external: HostAddress | None = says(
        "Address of a NAS that exports the folder. Either this or `server`.", example="nas.example", default=None
    )
    path: OneLine = says("Exported folder on the server; absolute.", example="/opt/ollama-models")
    mount: Literal["fstab", "volume"] = says(
        "Who mounts it on the clients: the system at boot (`fstab`), or Docker with the container (`volume`).",
        example="fstab",
        default="fstab",
    )
    mountpoint: AbsolutePath | None = says(
        "Folder where clients mount it. Default: `path`.", example="/mnt/models", default=None
    )
    writer: HostRef | None = says(
        "Host whose instance 1 writes. Default: `server`; required with `external`.", example="server84", default=None
    )


Store = DirectoryStore | VolumeStore | NfsStore


class Model(Section, frozen=True, kw_only=True):
    """A model that must be in the store before clients start."""

    SHORT: ClassVar[str] = "name"
    EXAMPLE: ClassVar[Any] = {"name": "assistant", "modelfile": "models/assistant.Modelfile"}

    name: OneLine = says(
        "Name as the engine knows it; a custom registry is part of it.", example="registry.example:5000/team/coder:7b"
    )
    modelfile: RelativePath | None = says(
        "Modelfile beside the topology, from which `ollama create` builds the model.",
        example="models/assistant.Modelfile",
        default=None,
    )
    files: AbsolutePath | None = says(
        "Folder on the writer's host with files that the Modelfile names (a local GGUF); it appears beside the "
        "Modelfile as `files/`.",
        example="/srv/gguf",
        default=None,
    )
    insecure: bool = says("Pull over plain http.", example=True, default=False)


class Placement(Section, frozen=True, kw_only=True):
    """How a service runs on one host."""

    SHORT: ClassVar[str] = "instances"
    EXAMPLE: ClassVar[Any] = {"instances": 3, "port": 11434, "weight": 2}

    instances: Count = says("How many instances.", example=3, default=1)
    port: Port = says("Host port of instance 1; instance k has port + k - 1.", example=11434, default=11434)
    weight: Weight | None = says("Share of the requests that each instance gets.", example=2, default=None)
    gpus: Literal["one-each", "all", "none"] | Count | tuple[OneLine, ...] | None = says(
        "GPUs of an instance: `one-each`, a number per instance, a list of ids for each, `all` or `none`.",
        example="one-each",
        default=None,
    )
    shared: bool = says("Allow that a GPU serves several instances.", example=True, default=False)


class Init(Section, frozen=True, kw_only=True):
    """How the model-init container brings the models into the store."""

    EXAMPLE: ClassVar[Any] = {"attempts": 5, "deadline": "45m", "pull": "missing"}

    attempts: Count = says("How often each model is tried.", example=5, default=5)
    deadline: Duration = says("When it gives up, from its start.", example="45m", default="2h")
    pull: Literal["missing", "always"] = says(
        "`missing` asks no registry for models that are there; `always` follows moved tags.",
        example="missing",
        default="missing",
    )


class Upgrade(Section, frozen=True, kw_only=True):
    """How `rollout.sh` brings a new image or configuration to the instances, one at a time."""

    EXAMPLE: ClassVar[Any] = {"snapshot": True, "rollback": "automatic"}

    snapshot: bool = says(
        "Keep what ran before (files and image ids, on each host), so that `rollout.sh --rollback` goes back.",
        example=True,
        default=True,
    )
    rollback: Literal["manual", "automatic"] = says(
        "After a failure: `manual` stops and says how to go on or back; `automatic` goes back by itself.",
        example="automatic",
        default="manual",
    )
    drain: Duration = says(
        "How long running answers may take to end before their instance is replaced all the same.",
        example="10m",
        default="5m",
    )
    warm_up: Duration = says(
        "How long the first short answer of a replaced instance may take, its model being loaded.",
        example="15m",
        default="10m",
    )


class ServiceDefaults(Named, frozen=True, kw_only=True):
    """What holds for every service that does not say otherwise."""

    EXAMPLE: ClassVar[Any] = {"image": "ollama/ollama:0.32.15", "environment": {"OLLAMA_KEEP_ALIVE": "30m"}}

    engine: Literal["ollama"] = says("Program that serves the models.", example="ollama", default="ollama")
    image: ImageName | None = says(
        "Container image. Default: `ollama/ollama:0.32.15`.",
        example="ollama/ollama:0.32.15",
        default=None,
    )
    store: StoreRef | None = says(
        "Where its models are. Absent: one volume of its own per host.", example="models", default=None
    )
    writer: HostRef | Literal["none"] | None = says(
        "`none`: the service only reads the store. Or the host whose instance 1 writes an nfs store.",
        example="none",
        default=None,
    )
    memory: Size | None = says("Memory limit of each instance.", example="16GiB", default=None)
    environment: Environment = says("Environment of each instance.", example={"OLLAMA_KEEP_ALIVE": "30m"}, default=dict)
    models: tuple[Model, ...] = says(
        "Models that model-init brings into the store.", example=["mistral:7b"], default=tuple
    )
    hosts: Annotated[Mapping[HostRef, Placement], Ref("hosts")] = says(
        "Where it runs: host and number of instances, or a placement.",
        example={"server80": 1, "server84": {"instances": 3, "weight": 2}},
        default=dict,
    )
    init: Init | Literal[False] = says(
        "How models are brought; `false`: no model-init.", example=Init.EXAMPLE, default=Init
    )
    migrate_from: tuple[OldStore, ...] = says(
        "Old volumes or folders whose models `migrate-models.sh` copies into the store, on the host that writes it. "
        "A volume by its name in Docker, or without the `<name>_` that Compose put before it.",
        example=["ollama_data_1", "/srv/ollama-old"],
        default=tuple,
    )
    upgrade: Upgrade | None = says(
        "How `rollout.sh` replaces its instances. Absent: by the defaults below.",
        example=Upgrade.EXAMPLE,
        default=None,
    )
    direct: bool = says(
        "Leave the ports of its instances open to everybody although a gateway stands in front. Default: only the "
        "gateway reaches them.",
        example=True,
        default=False,
    )
    compose: ComposeService = says(
        "Compose keys to add to each instance; a key that composegen writes itself is an error.",
        example={"cpus": 4},
        default=dict,
    )


class Service(ServiceDefaults, frozen=True, kw_only=True):
    """A group of equal instances that serve the same models."""

    EXAMPLE: ClassVar[Any] = {"models": ["llama3.2:3b"], "hosts": {"box": 1}}


class EntryPoint(Section, frozen=True, kw_only=True):
    """The port on which the gateway listens."""

    EXAMPLE: ClassVar[Any] = {"name": "ollama", "port": 11400}

    name: Name = says("Name of the entry point in Traefik.", example="ollama", default="llm")
    port: Port = says("Port on the gateway's host.", example=11400, default=11400)


class Traefik(Section, frozen=True, kw_only=True):
    """The Traefik that reads the files."""

    EXAMPLE: ClassVar[Any] = {"version": "3.7.15", "run": True}

    version: Version = says("Its version; options newer than it are refused.", example="3.7.15", default="3.7.15")
    run: bool = says(
        "Whether composegen runs it; `false`: one that you run reads the dynamic file.", example=True, default=True
    )


class Admin(Section, frozen=True, kw_only=True):
    """Who may pull, create, copy, push and delete models through the gateway."""

    EXAMPLE: ClassVar[Any] = {"users": "secrets/traefik.users", "allow": ["10.0.0.0/24"]}

    users: FilePath | None = says(
        "htpasswd file in the gateway host's own folder; composegen neither reads nor writes it.",
        example="secrets/traefik.users",
        default=None,
    )
    allow: tuple[CidrBlock, ...] = says("Addresses that may ask at all.", example=["10.0.0.0/24"], default=tuple)


class Tls(Section, frozen=True, kw_only=True):
    """Either a certificate with its key, or a resolver that gets one."""

    EXAMPLE: ClassVar[Any] = {"certificate": "secrets/llm.crt", "key": "secrets/llm.key"}

    certificate: FilePath | None = says(
        "Certificate file in the gateway host's own folder.", example="secrets/llm.crt", default=None
    )
    key: FilePath | None = says("Its private key file, there too.", example="secrets/llm.key", default=None)
    resolver: Name | None = says(
        "Name of a Traefik certificate resolver. With `run: true` composegen sets it up for ACME's TLS challenge.",
        example="letsencrypt",
        default=None,
    )


class Route(Section, frozen=True, kw_only=True):
    """Which service answers."""

    EXAMPLE: ClassVar[Any] = {"service": "ollama"}

    service: ServiceRef = says("Service that answers.", example="ollama")


class Gateway(Section, frozen=True, kw_only=True):
    """Traefik in front of the instances: one address, health checks, and nothing but what may be asked."""

    EXAMPLE: ClassVar[Any] = {"host": "server80", "hostname": "ollama.local"}

    host: HostRef = says("Host on which Traefik listens.", example="server80")
    hostname: HostName | None = says(
        "Host name that requests must carry. Absent: any on this entry point.", example="ollama.local", default=None
    )
    entrypoint: EntryPoint = says("Where it listens.", example=EntryPoint.EXAMPLE, default=EntryPoint)
    traefik: Traefik = says("Which Traefik, and who runs it.", example=Traefik.EXAMPLE, default=Traefik)
    admin: Admin | None = says("Who may change models. Absent: nobody.", example=Admin.EXAMPLE, default=None)
    balance: Literal["wrr", "p2c", "hrw", "leasttime"] | None = says(
        "How requests are spread. Default: `wrr` where a placement states `weight`, else `p2c`.",
        example="p2c",
        default=None,
    )
    retry: Count | None = says(
        "1: a request is sent to one instance only. Else, while no instance has seen it, it is tried until the health "
        "check has left a dead one out: 20 times, or as often as stated here, if that is more.",
        example=30,
        default=None,
    )
    sticky: bool = says("Keep a client on one instance by a cookie.", example=True, default=False)
    tls: Tls | None = says("Serve https. Absent: http.", example=Tls.EXAMPLE, default=None)
    routes: tuple[Route, ...] = says(
        "Which service answers. Default: the only one.", example=[Route.EXAMPLE], default=tuple
    )


class Need(Section, frozen=True, kw_only=True):
    """What must be there before an app starts."""

    SHORT: ClassVar[str] = "service"
    EXAMPLE: ClassVar[Any] = {"service": "ollama", "variable": "OLLAMA_BASE_URL"}

    service: Name = says("A service or another app.", example="ollama")
    variable: VariableName = says(
        "Variable that gets the address of the service.", example="OLLAMA_BASE_URL", default="OLLAMA_HOST"
    )


class App(Named, frozen=True, kw_only=True):
    """A container of yours that runs beside the models, as a Compose service."""

    EXAMPLE: ClassVar[Any] = {"host": "server80", "needs": ["ollama"], "compose": {"image": "example/generator:1.4"}}

    host: HostRef = says("Host on which it runs.", example="server80")
    needs: tuple[Need, ...] = says(
        "Services and apps that must be there first.", example=["ollama", "mongo"], default=tuple
    )
    compose: ComposeService = says("The Compose service.", example={"image": "example/generator:1.4"})
    volumes: Annotated[Mapping[str, ComposeVolume | None], KeyLimits(COMPOSE_NAME)] = says(
        "Options of the named volumes that it uses.", example={"db": {"driver": "local"}}, default=dict
    )
    networks: Annotated[Mapping[str, ComposeNetwork | None], KeyLimits(COMPOSE_NAME)] = says(
        "Options of the networks that it uses.", example={"back": {"internal": True}}, default=dict
    )


HostPattern = Annotated[str, Limits(expected="name of a host; `*` for any characters", pattern=r"^[a-z0-9*-]{1,63}$")]
PatchTarget = Annotated[
    str,
    Limits(
        expected="a key path such as `services.traefik` or `http.routers.*.middlewares[0]`",
        pattern=r"^[^\x00-\x1f\x7f]{1,500}$",
    ),
]


class Patch(Section, frozen=True, kw_only=True):
    """A change to generated YAML files: what must be there, and by `set`, `merge` or `remove` what becomes of it."""

    EXAMPLE: ClassVar[Any] = {
        "hosts": ["server80"],
        "file": "traefik/traefik.yaml",
        "match": "log",
        "merge": {"level": "DEBUG"},
    }

    hosts: tuple[HostPattern, ...] = says(
        "Hosts whose file is meant; `*` stands for any characters. Each entry must find such a file.",
        example=["gpu-*"],
        default=("*",),
    )
    file: InnerPath = says(
        "The YAML file, in the folder of the host.", example="traefik/traefik.yaml", default="compose.yaml"
    )
    match: PatchTarget = says(
        "Key path of what is changed. In a key `*` stands for any characters; `[0]` is the first item of a list, `[*]` "
        "any, `[name=ping]` one with that value; keys with other characters stand in double quotes.",
        example="services.traefik",
    )
    count: Count | Literal["any"] = says(
        "How many places there must be in each file; `any`: at least one.", example=3, default=1
    )
    set: Any = says("Replaces what is there.", example="DEBUG", default=None)
    merge: Mapping[str, Any] | None = says(
        "Merged into what is there: mappings by key, all else replaced; `null` removes.",
        example={"level": "DEBUG"},
        default=None,
    )
    remove: Literal[True] | None = says("Takes it out.", example=True, default=None)


RuleSeverity = Literal["error", "warning", "note", "off"]


class Topology(Section, frozen=True, kw_only=True):
    """What runs where."""

    EXAMPLE: ClassVar[Any] = {
        "name": "local-llm",
        "hosts": {"box": {"address": "192.168.1.10"}},
        "services": {"ollama": Service.EXAMPLE},
    }

    name: ProjectName = says("Name of the Compose project on every host.", example="local-llm")
    output: InnerPath = says("Output folder; `-o` can name any other.", example="deploy", default="deploy")
    variables: tuple[VariableName, ...] = says(
        "Names that may stand as `${NAME}` anywhere below; values from the environment, `.env`, or a default.",
        example=["TAG"],
        default=tuple,
    )
    hosts: Annotated[Mapping[str, Host], KeyLimits(NAME), NotEmpty()] = says(
        "The machines, by name.", example={"box": {"address": "192.168.1.10"}}
    )
    stores: Annotated[Mapping[str, Store], KeyLimits(NAME)] = says(
        "Where models are kept, by name.", example={"models": VolumeStore.EXAMPLE}, default=dict
    )
    defaults: ServiceDefaults = says(
        "Fields for every service that does not state them.", example=ServiceDefaults.EXAMPLE, default=ServiceDefaults
    )
    services: Annotated[Mapping[str, Service], KeyLimits(NAME), NotEmpty()] = says(
        "What serves models, by name.", example={"ollama": Service.EXAMPLE}
    )
    gateway: Gateway | None = says("Traefik in front. Absent: none.", example=Gateway.EXAMPLE, default=None)
    apps: Annotated[Mapping[str, App], KeyLimits(NAME)] = says(
        "Containers of yours that need the models, by name.", example={"generator": App.EXAMPLE}, default=dict
    )
    agents: tuple[Literal["compose-farm"], ...] = says(
        "Programs that bring the files to the hosts and read a file of their own, which is then written. "
        "`compose-farm`: `compose-farm.yaml`; each host needs a `directory` of its own below one folder.",
        example=["compose-farm"],
        default=tuple,
    )
    rules: Annotated[Mapping[str, RuleSeverity], KeyLimits(NAME)] = says(
        "How grave what a rule finds is here, by its name. An error cannot be lowered, only allowed on its line: "
        "`# composegen: allow[slug] reason`.",
        example={"floating-tag": "error", "weights-ignored": "off"},
        default=dict,
    )
    templates: InnerPath | None = says(
        "Folder with templates of yours; each takes the place of the shipped one of the same path "
        "(`composegen templates list`).",
        example="templates",
        default=None,
    )
    patches: tuple[Patch, ...] = says(
        "Changes to the generated YAML files, in this order, where neither a field nor `compose:` does it.",
        example=[Patch.EXAMPLE],
        default=tuple,
    )
