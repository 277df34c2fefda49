"""What is decided: who writes, which port, which GPU, which address, who waits for whom."""

from __future__ import annotations

import pytest

from composegen.plan import Condition, Container, MountKind, Plan, Role, SecretRef
from tests.planning import plan_of

NFS = """
    name: farm
    hosts:
      a: {address: 10.0.0.1}
      b: {address: 10.0.0.2}
    stores:
      models: {kind: nfs, server: a, path: /srv/models}
    services:
      llm:
        store: models
        models: [llama3.2:3b]
        hosts: {a: 2, b: 2}
"""


def container(plan: Plan, host: str, name: str) -> Container:
    """The container of that name; fails when there is none."""
    return next(c for c in plan.host(host).containers if c.name == name)


def environment(found: Container) -> dict[str, object]:
    return {variable.name: variable.value for variable in found.environment}


def after(found: Container) -> dict[str, Condition]:
    return {dependency.container: dependency.condition for dependency in found.dependencies}


def test_one_instance_writes_an_nfs_store_and_all_others_mount_it_read_only() -> None:
    plan = plan_of(NFS)
    store = {i.host.name + "/" + i.name: i.container.mounts[0] for i in plan.instances}
    assert [name for name, mount in store.items() if not mount.read_only] == ["a/llm-1"]
    assert {mount.source for mount in store.values()} == {"/srv/models"}
    assert all(mount.must_exist for mount in store.values())


def test_every_instance_has_private_state_and_no_pruning() -> None:
    plan = plan_of(NFS)
    for instance in plan.instances:
        state = instance.container.mounts[1]
        assert (state.kind, state.source, state.target) == (
            MountKind.VOLUME,
            f"{instance.name}-state",
            "/root/.ollama",
        )
        assert environment(instance.container)["OLLAMA_NOPRUNE"] == "1"
        assert not state.read_only


def test_a_local_store_has_a_writer_and_an_init_on_every_host() -> None:
    plan = plan_of("""
        name: farm
        hosts: {a: {address: 10.0.0.1}, b: {address: 10.0.0.2}}
        services: {llm: {models: [m], hosts: {a: 2, b: 1}}}
    """)
    assert [(i.host.name, i.number) for i in plan.instances if i.writer] == [("a", 1), ("b", 1)]
    assert [init.container.name for host in plan.hosts for init in host.inits] == ["llm-init", "llm-init"]


def test_ports_count_up_from_the_placement_and_move_with_nothing() -> None:
    plan = plan_of("""
        name: farm
        hosts: {a: {address: 10.0.0.1}}
        services:
          z: {hosts: {a: 3}}
          b: {hosts: {a: {instances: 2, port: 12000}}}
    """)
    ports = {i.name: i.binding.port for i in plan.instances}
    assert ports == {"z-1": 11434, "z-2": 11435, "z-3": 11436, "b-1": 12000, "b-2": 12001}


def test_the_order_of_keys_moves_nothing() -> None:
    turned = """
        services: {llm: {hosts: {b: 2, a: 2}, models: [llama3.2:3b], store: models}}
        stores: {models: {path: /srv/models, server: a, kind: nfs}}
        hosts: {b: {address: 10.0.0.2}, a: {address: 10.0.0.1}}
        name: farm
    """
    names = [[c.name for c in host.containers] for host in plan_of(NFS).hosts]
    assert names == [[c.name for c in host.containers] for host in plan_of(turned).hosts]


def test_readers_beside_the_writer_wait_for_it_and_others_do_not() -> None:
    plan = plan_of(NFS)
    assert after(container(plan, "a", "llm-2")) == {"llm-1": Condition.HEALTHY}
    assert after(container(plan, "b", "llm-1")) == {}


def test_an_init_that_nobody_needs_is_adopted() -> None:
    plan = plan_of(NFS)
    adopter = container(plan, "a", "llm-ready")
    assert adopter.role is Role.ADOPTER
    assert after(adopter) == {"llm-init": Condition.COMPLETED}
    assert not any(c.role is Role.ADOPTER for c in plan.host("b").containers)


def test_an_app_waits_for_the_init_and_finds_the_service_by_name() -> None:
    plan = plan_of("""
        name: farm
        hosts: {a: {address: 10.0.0.1}}
        services: {llm: {models: [m], hosts: {a: 1}}}
        apps: {web: {host: a, needs: [llm], compose: {image: web:1.0.0}}}
    """)
    web = container(plan, "a", "web")
    assert after(web) == {"llm-1": Condition.HEALTHY, "llm-init": Condition.COMPLETED}
    assert environment(web)["OLLAMA_HOST"] == "http://llm-1:11434"
    assert not any(c.role is Role.ADOPTER for c in plan.host("a").containers)


def test_an_app_on_another_host_waits_for_the_models_behind_an_address() -> None:
    plan = plan_of("""
        name: farm
        hosts: {a: {address: 10.0.0.1}, b: {address: 10.0.0.2}}
        services: {llm: {models: [m], hosts: {a: 1}}}
        apps: {web: {host: b, needs: [{service: llm, variable: URL}], compose: {image: web:1.0.0}}}
    """)
    web, wait = container(plan, "b", "web"), container(plan, "b", "llm-wait")
    assert after(web) == {"llm-wait": Condition.COMPLETED}
    assert environment(web) == {"URL": "http://10.0.0.1:11434"}
    assert environment(wait)["OLLAMA_HOST"] == "http://10.0.0.1:11434"
    assert wait.command[2:4] == ("--pull", "never")


def test_an_app_goes_through_the_gateway_under_its_host_name() -> None:
    plan = plan_of("""
        name: farm
        hosts: {a: {address: 10.0.0.1}, b: {address: 10.0.0.2}}
        services: {llm: {models: [m], hosts: {a: 1}}}
        gateway: {host: a, hostname: llm.example}
        apps:
          far: {host: b, needs: [llm], compose: {image: web:1.0.0}}
          near: {host: a, needs: [llm], compose: {image: web:1.0.0}}
    """)
    far, near = container(plan, "b", "far"), container(plan, "a", "near")
    assert environment(far)["OLLAMA_HOST"] == environment(near)["OLLAMA_HOST"] == "http://llm.example:11400"
    assert far.extra_hosts == {"llm.example": "10.0.0.1"}
    assert near.extra_hosts is None
    assert container(plan, "a", "traefik").aliases == ("llm.example",)


TLS = """
    name: farm
    hosts: {a: {address: 10.0.0.1%s}, b: {address: 10.0.0.2}}
    services: {llm: {models: [m], hosts: {a: 2}}}
    gateway: {host: a, %s tls: {certificate: c, key: k}}
    apps:
      far: {host: b, needs: [llm], compose: {image: web:1.0.0}}
      near: {host: a, needs: [llm], compose: {image: web:1.0.0}}
"""


def test_apps_go_past_a_gateway_whose_certificate_cannot_match() -> None:
    plan = plan_of(TLS % ("", ""))
    far, near, wait = container(plan, "b", "far"), container(plan, "a", "near"), container(plan, "b", "llm-wait")
    assert environment(far)["OLLAMA_HOST"] == environment(wait)["OLLAMA_HOST"] == "http://10.0.0.1:11434"
    assert environment(near)["OLLAMA_HOST"] == "http://llm-1:11434"
    assert "traefik" not in after(near)


def test_what_waits_goes_past_a_gateway_with_tls_and_apps_through_its_name() -> None:
    plan = plan_of(TLS % ("", "hostname: llm.example,"))
    far, near, wait = container(plan, "b", "far"), container(plan, "a", "near"), container(plan, "b", "llm-wait")
    assert environment(far)["OLLAMA_HOST"] == environment(near)["OLLAMA_HOST"] == "https://llm.example:11400"
    assert environment(wait)["OLLAMA_HOST"] == "http://10.0.0.1:11434"
    assert wait.extra_hosts is None


def test_what_waits_tries_the_certificate_where_no_instance_is_within_reach() -> None:
    plan = plan_of("""
        name: farm
        hosts: {a: {address: 10.0.0.1, bind: 127.0.0.1}, b: {address: 10.0.0.2}, c: {address: 10.0.0.3}}
        services: {llm: {models: [m], hosts: {a: 1}}}
        gateway: {host: c, hostname: llm.example, tls: {certificate: c, key: k}}
        apps: {far: {host: b, needs: [llm], compose: {image: web:1.0.0}}}
    """)
    assert environment(container(plan, "b", "llm-wait"))["OLLAMA_HOST"] == "https://llm.example:11400"


def test_a_variable_that_the_app_sets_itself_is_left_alone() -> None:
    plan = plan_of("""
        name: farm
        hosts: {a: {address: 10.0.0.1}}
        services: {llm: {hosts: {a: 1}}}
        apps:
          web:
            host: a
            needs: [llm]
            compose: {image: web:1.0.0, environment: [OLLAMA_HOST=http://mine:1, DEBUG]}
    """)
    assert environment(container(plan, "a", "web")) == {"OLLAMA_HOST": "http://mine:1", "DEBUG": None}


def test_an_app_that_is_needed_is_healthy_if_it_can_tell_and_else_started() -> None:
    plan = plan_of("""
        name: farm
        hosts: {a: {address: 10.0.0.1}}
        services: {llm: {hosts: {a: 1}}}
        apps:
          web: {host: a, needs: [db, cache], compose: {image: web:1.0.0}}
          db: {host: a, compose: {image: db:1.0.0, healthcheck: {test: [CMD, ready]}}}
          cache: {host: a, compose: {image: cache:1.0.0, healthcheck: {disable: true}}}
    """)
    assert after(container(plan, "a", "web")) == {"db": Condition.HEALTHY, "cache": Condition.STARTED}


def test_gpus_are_handed_out_in_order() -> None:
    plan = plan_of("""
        name: farm
        hosts: {a: {address: 10.0.0.1, gpus: {vendor: nvidia, devices: ["0", "1", "2", "3"]}}}
        services: {llm: {hosts: {a: {instances: 2, gpus: 2}}}}
    """)
    assert [i.container.gpus.devices for i in plan.instances if i.container.gpus] == [("0", "1"), ("2", "3")]
    assert all("CUDA_VISIBLE_DEVICES" not in environment(i.container) for i in plan.instances)


def test_one_each_goes_on_where_the_service_before_stopped() -> None:
    plan = plan_of("""
        name: farm
        hosts: {a: {address: 10.0.0.1, gpus: {vendor: nvidia, devices: ["0", "1", "2"]}}}
        services:
          x: {hosts: {a: {instances: 2, gpus: one-each}}}
          y: {hosts: {a: {port: 12000, gpus: one-each}}}
    """)
    assert [i.container.gpus.devices for i in plan.instances if i.container.gpus] == [("0",), ("1",), ("2",)]


def test_what_gets_no_nvidia_gpu_is_shielded_from_a_default_runtime() -> None:
    plan = plan_of(NFS)
    shielded = [c for host in plan.hosts for c in host.containers if c.role in (Role.INSTANCE, Role.INIT)]
    assert all(environment(c)["NVIDIA_VISIBLE_DEVICES"] == "void" for c in shielded)


def test_amd_gets_its_image_and_its_selection() -> None:
    plan = plan_of("""
        name: farm
        hosts: {a: {address: 10.0.0.1, gpus: {vendor: amd, devices: ["0", "1"]}}}
        services: {llm: {image: "ollama/ollama:0.32.15", models: [m], hosts: {a: {instances: 2, gpus: one-each}}}}
    """)
    second = container(plan, "a", "llm-2")
    assert second.image == "ollama/ollama:0.32.15-rocm"
    assert environment(second)["ROCR_VISIBLE_DEVICES"] == "1"
    assert container(plan, "a", "llm-init").image == "ollama/ollama:0.32.15-rocm"


def test_secrets_stay_names() -> None:
    plan = plan_of("""
        name: farm
        hosts: {a: {address: 10.0.0.1}}
        services: {llm: {environment: {HF_TOKEN: {secret: MY_TOKEN}}, hosts: {a: 1}}}
        apps: {web: {host: a, compose: {image: web:1.0.0, environment: {KEY: {secret: OTHER}}}}}
    """)
    assert environment(container(plan, "a", "llm-1"))["HF_TOKEN"] == SecretRef(name="MY_TOKEN")
    assert plan.host("a").secrets == ("MY_TOKEN", "OTHER")


def test_mutating_calls_go_to_the_writer_and_only_with_admin() -> None:
    with_admin = plan_of(NFS + "    gateway: {host: a, admin: {users: users}}\n")
    without = plan_of(NFS + "    gateway: {host: a}\n")
    assert with_admin.gateway is not None
    assert without.gateway is not None
    primary = with_admin.gateway.routes[0].primary
    assert primary is not None
    assert primary.instance.writer
    assert without.gateway.routes[0].primary is None


def test_the_gateway_reaches_its_own_host_by_name_and_others_by_address() -> None:
    plan = plan_of(NFS + "    gateway: {host: a}\n")
    assert plan.gateway is not None
    assert [server.url for server in plan.gateway.routes[0].servers] == [
        "http://llm-1:11434",
        "http://llm-2:11434",
        "http://10.0.0.2:11434",
        "http://10.0.0.2:11435",
    ]
    assert plan.gateway.retry == 4


def test_balance_follows_weights_and_the_version() -> None:
    def balance(weight: str, version: str) -> str:
        plan = plan_of(f"""
            name: farm
            hosts: {{a: {{address: 10.0.0.1}}}}
            services: {{llm: {{hosts: {{a: {{instances: 2{weight}}}}}}}}}
            gateway: {{host: a, traefik: {{version: "{version}"}}}}
        """)
        assert plan.gateway is not None
        return plan.gateway.balance

    assert balance("", "3.7.15") == "p2c"
    assert balance(", weight: 2", "3.7.15") == "wrr"
    assert balance("", "3.3.7") == "wrr"


def test_a_modelfile_is_copied_and_its_change_is_a_change_of_identity() -> None:
    text = """
        name: farm
        hosts: {a: {address: 10.0.0.1}}
        services: {llm: {models: [{name: Team/Coder, modelfile: m/x, files: /srv/gguf}], hosts: {a: 1}}}
    """
    one, two = plan_of(text, {"m/x": b"FROM a"}), plan_of(text, {"m/x": b"FROM b"})
    init = container(one, "a", "llm-init")
    assert one.host("a").files[0].path == "models/team-coder/Modelfile"
    assert [m.target for m in init.mounts][2:] == ["/init/models/team-coder/Modelfile", "/init/models/team-coder/files"]
    assert init.identity != container(two, "a", "llm-init").identity
    assert init.command[-3:] == ("--create", "Team/Coder", "/init/models/team-coder/Modelfile")


def test_a_writer_over_nfs_refuses_a_folder_that_is_not_mounted() -> None:
    plan = plan_of("""
        name: farm
        hosts: {a: {address: 10.0.0.1}}
        stores: {nas: {kind: nfs, external: nas.example, path: /export, writer: a}}
        services: {llm: {store: nas, hosts: {a: 1}}}
    """)
    assert "stat -f" in container(plan, "a", "llm-1").command[0]
    assert plan.host("a").nfs_mounts[0].writes


def test_exports_name_each_client_and_what_it_may_do() -> None:
    plan = plan_of(NFS)
    assert [(c.host.name, c.writes) for c in plan.host("a").exports[0].clients] == [("b", False)]
    assert [(m.server, m.mountpoint, m.writes) for m in plan.host("b").nfs_mounts] == [
        ("10.0.0.1", "/srv/models", False)
    ]


def test_an_app_outside_of_the_projects_network_gets_addresses_instead_of_names() -> None:
    plan = plan_of("""
        name: farm
        hosts: {a: {address: 10.0.0.1}}
        services: {llm: {models: [m], hosts: {a: 1}}}
        apps: {web: {host: a, needs: [llm], compose: {image: web:1.0.0, network_mode: host}}}
    """)
    web = container(plan, "a", "web")
    assert environment(web)["OLLAMA_HOST"] == "http://10.0.0.1:11434"
    assert after(web) == {"llm-init": Condition.COMPLETED}


def test_an_app_outside_of_the_projects_network_reaches_the_gateway_by_its_port() -> None:
    plan = plan_of("""
        name: farm
        hosts: {a: {address: 10.0.0.1}}
        services: {llm: {hosts: {a: 1}}}
        gateway: {host: a, hostname: llm.example}
        apps: {web: {host: a, needs: [llm], compose: {image: web:1.0.0, network_mode: bridge}}}
    """)
    web = container(plan, "a", "web")
    assert web.extra_hosts == {"llm.example": "10.0.0.1"}
    assert after(web) == {}


def test_an_app_waits_for_the_init_of_another_service_on_the_same_store() -> None:
    plan = plan_of("""
        name: farm
        hosts: {a: {address: 10.0.0.1}}
        stores: {models: {kind: volume}}
        services:
          chat: {store: models, hosts: {a: 1}}
          code: {store: models, writer: none, models: [m], hosts: {a: {port: 12000}}}
        apps: {web: {host: a, needs: [code], compose: {image: web:1.0.0}}}
    """)
    assert after(container(plan, "a", "web")) == {"code-1": Condition.HEALTHY, "chat-init": Condition.COMPLETED}
    assert [c.name for c in plan.host("a").containers if c.role in (Role.WAIT, Role.ADOPTER)] == []


def test_nobody_waits_for_models_of_a_service_that_has_none() -> None:
    plan = plan_of("""
        name: farm
        hosts: {a: {address: 10.0.0.1}, b: {address: 10.0.0.2}}
        services: {llm: {hosts: {a: 1}}}
        apps: {web: {host: b, needs: [llm], compose: {image: web:1.0.0}}}
    """)
    assert [c.name for c in plan.host("b").containers] == ["web"]
    assert after(container(plan, "b", "web")) == {}


def test_an_app_is_what_a_container_that_waits_is_there_for() -> None:
    """So it needs no adopter, as a model-init does: `docker compose up --wait` takes its end for a success."""
    plan = plan_of("""
        name: farm
        hosts: {a: {address: 10.0.0.1}, b: {address: 10.0.0.2}}
        services: {llm: {models: [m], hosts: {a: 1}}}
        apps: {web: {host: b, needs: [llm], compose: {image: web:1.0.0}}}
    """)
    assert [c.name for c in plan.host("b").containers] == ["llm-wait", "web"]
    assert after(container(plan, "b", "web")) == {"llm-wait": Condition.COMPLETED}


def test_models_whose_names_differ_little_have_folders_of_their_own() -> None:
    plan = plan_of(
        """
        name: farm
        hosts: {a: {address: 10.0.0.1}}
        services:
          llm:
            models: [{name: team/coder, modelfile: one}, {name: Team-Coder, modelfile: two}]
            hosts: {a: 1}
        """,
        {"one": b"FROM a", "two": b"FROM b"},
    )
    files = {file.path: file.content for file in plan.host("a").files}
    first, second = files
    assert list(files.values()) == [b"FROM a", b"FROM b"]
    assert first == "models/team-coder/Modelfile"
    assert second.startswith("models/team-coder-")
    init = container(plan, "a", "llm-init")
    assert [mount.source for mount in init.mounts[2:]] == [f"./{first}", f"./{second}"]
    assert [word for word in init.command if word.endswith("/Modelfile")] == [f"/init/{first}", f"/init/{second}"]


def test_probes_are_denser_during_the_start_where_engine_and_compose_know_that() -> None:
    def start_interval(docker: str) -> int | None:
        plan = plan_of(f"""
            name: farm
            hosts: {{a: {{address: 10.0.0.1{docker}}}}}
            services: {{llm: {{hosts: {{a: 1}}}}}}
        """)
        health = container(plan, "a", "llm-1").health
        assert health is not None
        return health.start_interval

    assert start_interval(', docker: {engine: "25.0", compose: "2.20.2"}') == 2
    assert start_interval(', docker: {engine: "24.0", compose: "2.20.2"}') is None
    assert start_interval(', docker: {engine: "25.0", compose: "2.20.1"}') is None
    assert start_interval("") is None


def test_an_image_that_is_named_by_its_digest_is_left_as_it_is() -> None:
    pinned = f"ollama/ollama:0.32.15@sha256:{'0' * 64}"
    plan = plan_of(f"""
        name: farm
        hosts: {{a: {{address: 10.0.0.1, gpus: {{vendor: amd, devices: ["0"]}}}}}}
        services: {{llm: {{image: "{pinned}", hosts: {{a: {{gpus: all}}}}}}}}
    """)
    assert container(plan, "a", "llm-1").image == pinned


@pytest.mark.parametrize(
    ("host", "port"),
    [
        ("0.0.0.0:12000", 12000),
        ("0.0.0.0:65535", 65535),
        ("0.0.0.0:65536", 11434),
        ("0.0.0.0:0", 11434),
        ("0", 11434),
    ],
)
def test_the_port_inside_is_that_of_ollama_host_when_it_is_one(host: str, port: int) -> None:
    plan = plan_of(f"""
        name: farm
        hosts: {{a: {{address: 10.0.0.1}}}}
        services: {{llm: {{environment: {{OLLAMA_HOST: "{host}"}}, hosts: {{a: 1}}}}}}
    """)
    assert container(plan, "a", "llm-1").bindings[0].container_port == port


def test_files_whose_names_differ_little_do_not_hide_each_other() -> None:
    plan = plan_of("""
        name: farm
        hosts: {a: {address: 10.0.0.1}}
        services: {llm: {hosts: {a: 1}}}
        gateway: {host: a, admin: {users: /a-b.pem}, tls: {certificate: a/b.pem, key: a-b.pem}}
    """)
    targets = {mount.source: mount.target for mount in container(plan, "a", "traefik").mounts[2:]}
    assert list(targets) == ["/a-b.pem", "./a/b.pem", "./a-b.pem"]
    assert len(set(targets.values())) == 3
    assert all(target.startswith("/etc/traefik/secrets/a-b.pem") for target in targets.values())


@pytest.mark.parametrize("names", [("a", "b"), ("b", "a")])
def test_apps_may_share_a_network_and_a_volume_whose_options_one_of_them_states(names: tuple[str, str]) -> None:
    plain, stating = names
    shared = "host: box, compose: {image: 'x:1', networks: [back], volumes: ['data:/data']}"
    options = "networks: {back: {internal: true}}, volumes: {data: {external: true}}"
    plan = plan_of(f"""
        name: t
        hosts: {{box: {{address: 10.0.0.1}}}}
        services: {{s: {{hosts: {{box: 1}}}}}}
        apps:
          {plain}: {{{shared}}}
          {stating}: {{{shared}, {options}}}
    """)
    host = plan.host("box")
    assert host.networks == {"back": {"internal": True}}
    assert [volume.options for volume in host.volumes if volume.name == "data"] == [{"external": True}]
