"""`init --from` on GPUs and ports: each server keeps those that it has, in every way in which files say so."""

from __future__ import annotations

from typing import Any

import hypothesis
import hypothesis.strategies as st
import pytest

from composegen import importing
from composegen.importing import Given, Imported, visible
from composegen.importing.draft import Draft
from composegen.importing.notes import Account, Kind
from composegen.importing.repairing import repaired
from composegen.importing.visible import Request
from tests.properties.effort import tried
from tests.test_import import WORLD, converted, notes, rendered, topology
from tests.test_import_told import SERVER

EVERYWHERE = "0.0.0.0"  # noqa: S104 - what Docker does where no address is stated


def server(number: int, *lines: str, image: str = "ollama/ollama:0.32.15") -> str:
    """A server with a port of its own, and these lines below its name."""
    ports = [] if any(line.startswith("ports:") for line in lines) else [f"ports: ['{11434 + number}:11434']"]
    return "".join(f"    {line}\n" for line in (f"image: {image}", *ports, *lines)).join((f"  o{number}:\n", ""))


def imported(*servers: str) -> Imported:
    return converted("services:\n" + "".join(servers))


def reserved(which: str) -> str:
    return f"deploy: {{resources: {{reservations: {{devices: [{{driver: nvidia, {which}, capabilities: [gpu]}}]}}}}}}"


def gpus(result: Imported) -> list[Any]:
    """`gpus` of each placement on the only host."""
    placed = [service["hosts"]["box"] for service in topology(result)["services"].values()]
    return [one.get("gpus") if isinstance(one, dict) else None for one in placed]


def granted(result: Imported) -> dict[int, list[str]]:
    """The ids that the instance on each port gets, as rendered."""
    found: dict[int, list[str]] = {}
    for service in rendered(result, "box").values():
        devices = service.get("deploy", {}).get("resources", {}).get("reservations", {}).get("devices", [])
        ids = [one for device in devices for one in device.get("device_ids", ())]
        found |= {int(port["published"]): ids for port in service.get("ports", ())}
    return found


@pytest.mark.parametrize(
    "lines",
    [
        [reserved("device_ids: ['${GPU_ID}']")],
        ["gpus: [{device_ids: ['${GPU_ID:?which}']}]"],
        ["runtime: nvidia", "environment: {NVIDIA_VISIBLE_DEVICES: '${GPU_ID}'}"],
        ["devices: ['nvidia.com/gpu=${GPU_ID}']"],
        ["gpus: all", "environment: {CUDA_VISIBLE_DEVICES: '${GPU_ID}'}"],
    ],
)
def test_a_gpu_that_a_variable_names_is_one_and_to_be_checked(lines: list[str]) -> None:
    result = imported(server(0, *lines))
    assert gpus(result) == [1]
    assert "check which GPUs `o0` gets: `" in notes(result, Kind.TODO)
    assert "GPUs of `o0` (nvidia, 1)" in notes(result, Kind.TAKEN)


@pytest.mark.parametrize(
    ("lines", "which"),
    [
        (["gpus: all", "environment: {CUDA_VISIBLE_DEVICES: '${A},${B}'}"], 2),
        (["runtime: nvidia", "environment: {NVIDIA_VISIBLE_DEVICES: '0,${A}'}"], 2),
        (["runtime: nvidia", "environment: {NVIDIA_VISIBLE_DEVICES: '${A:-0,1},3'}"], ["0", "1", "3"]),
        (["devices: [/dev/kfd, /dev/dri]", "environment: {ROCR_VISIBLE_DEVICES: '${A}'}"], 1),
        (["devices: [/dev/kfd, /dev/dri]", "environment: {HIP_VISIBLE_DEVICES: '${A:-1}'}"], ["1"]),
    ],
)
def test_as_many_gpus_as_variables_name_and_all_to_be_checked(lines: list[str], which: object) -> None:
    result = imported(server(0, *lines))
    assert gpus(result) == [which]
    assert "check which GPUs `o0` gets: `" in notes(result, Kind.TODO)


@pytest.mark.parametrize(
    ("variables", "which"),
    [
        ("{HIP_VISIBLE_DEVICES: '0, 1'}", ["0", "1"]),
        ("{ROCR_VISIBLE_DEVICES: '2,3', HIP_VISIBLE_DEVICES: '1'}", ["3"]),
        ("{HIP_VISIBLE_DEVICES: ''}", None),
        ("{CUDA_VISIBLE_DEVICES: ''}", None),
        ("{CUDA_VISIBLE_DEVICES: '1'}", ["1"]),
        ("{HIP_VISIBLE_DEVICES: '', CUDA_VISIBLE_DEVICES: '1'}", ["1"]),
        ("{HIP_VISIBLE_DEVICES: '0', CUDA_VISIBLE_DEVICES: '1'}", ["0"]),
        ("{A: b}", None),
    ],
)
def test_gpus_of_amd_that_variables_choose(variables: str, which: list[str] | None) -> None:
    result = imported(server(0, "devices: [/dev/kfd, /dev/dri]", f"environment: {variables}"))
    assert gpus(result) == [which]
    assert topology(result)["hosts"]["box"]["gpus"] == {"vendor": "amd", "devices": which or ["0"]}


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("HIP_VISIBLE_DEVICES", "-1"),
        ("CUDA_VISIBLE_DEVICES", "-1"),
        ("ROCR_VISIBLE_DEVICES", ""),
        ("ROCR_VISIBLE_DEVICES", ","),
    ],
)
def test_a_server_from_which_a_variable_hides_the_gpus_of_amd_has_none(variable: str, value: str) -> None:
    result = imported(server(0, "devices: [/dev/kfd]", f"environment: {{{variable}: '{value}'}}"))
    assert "gpus" not in topology(result)["hosts"]["box"]
    assert f"`o0` -> no `gpus:` -- {variable} hides" in notes(result, Kind.TAKEN)
    assert "is no id of a GPU" not in notes(result, Kind.LEFT)


def test_a_default_of_a_gpu_is_taken_and_to_be_checked() -> None:
    result = imported(server(0, reserved("device_ids: ['${GPU_ID:-3}']")), server(5, reserved("count: '${COUNT:-2}'")))
    assert topology(result)["hosts"]["box"]["gpus"]["devices"] == ["0", "1", "3"]
    assert gpus(result) == [["3"], 2]
    todo = notes(result, Kind.TODO)
    assert "check which GPUs `o0` gets: `${GPU_ID:-3}`" in todo
    assert "check which GPUs `o5` gets: `${COUNT:-2}`" in todo


def test_gpus_that_no_variable_names_need_no_check() -> None:
    assert "check which GPUs" not in notes(imported(server(0, reserved("device_ids: ['3']"))), Kind.TODO)


def test_gpus_chosen_by_cuda_among_all_stay_apart() -> None:
    servers = (
        server(n, reserved("count: all"), f"environment: {{CUDA_VISIBLE_DEVICES: '{n}', A: b}}") for n in range(2)
    )
    result = imported(*servers)
    assert topology(result)["hosts"]["box"]["gpus"]["devices"] == ["0", "1"]
    assert granted(result) == {11434: ["0"], 11435: ["1"]}
    assert topology(result)["services"]["o"]["environment"] == {"A": "b"}


def test_a_server_from_which_cuda_hides_the_gpus_has_none() -> None:
    result = imported(server(0, "gpus: all", "environment: {CUDA_VISIBLE_DEVICES: '-1'}"))
    assert "gpus" not in topology(result)["hosts"]["box"]
    assert "`o0` -> no `gpus:` -- CUDA_VISIBLE_DEVICES hides" in notes(result, Kind.TAKEN)


@pytest.mark.parametrize(
    ("asked", "text", "expected"),
    [
        (Request(vendor="nvidia"), "1,3", Request(vendor="nvidia", ids=("1", "3"))),
        (Request(vendor="nvidia"), " GPU-a , GPU-b", Request(vendor="nvidia", ids=("GPU-a", "GPU-b"))),
        (Request(vendor="nvidia"), "${A}", Request(vendor="nvidia", count=1)),
        (Request(vendor="nvidia"), "all", Request(vendor="nvidia")),
        (Request(vendor="nvidia"), "", None),
        (Request(vendor="nvidia", ids=("4", "6")), "1", Request(vendor="nvidia", ids=("6",))),
        (Request(vendor="nvidia", ids=("4", "6")), "GPU-a", Request(vendor="nvidia", ids=("4", "6"))),
        (Request(vendor="nvidia", ids=("4",)), "4", Request(vendor="nvidia", ids=("4",))),
        (Request(vendor="nvidia", ids=("0", "1", "2")), "${A}", Request(vendor="nvidia", ids=("0",))),
        (Request(vendor="nvidia", ids=("0", "1", "2")), "${A},${B}", Request(vendor="nvidia", ids=("0", "1"))),
        (Request(vendor="nvidia"), "0,-1,1", Request(vendor="nvidia", ids=("0",))),
        (Request(vendor="nvidia", ids=("4", "6")), "1,-1,0", Request(vendor="nvidia", ids=("6",))),
        (Request(vendor="nvidia", count=4), "0,-1,1", Request(vendor="nvidia", count=1)),
        (Request(vendor="nvidia"), "-1,0", None),
        (Request(vendor="nvidia", ids=("4", "6")), "-1,${A}", None),
        (Request(vendor="nvidia"), " , ", None),
        (Request(vendor="nvidia", count=4), "${A},${B}", Request(vendor="nvidia", count=2)),
        (Request(vendor="nvidia", count=4), "0,1", Request(vendor="nvidia", count=2)),
        (Request(vendor="nvidia", count=1), "0,1", Request(vendor="nvidia", count=1)),
    ],
)
def test_what_cuda_lets_a_program_see(asked: Request, text: str, expected: Request | None) -> None:
    assert visible.seen(asked, text) == expected


@pytest.mark.parametrize(
    ("value", "asked"), [("", None), (",", None), ("none", None), ("void", None), ("0,2", ["0", "2"]), ("all", None)]
)
def test_gpus_of_the_nvidia_runtime(value: str, asked: list[str] | None) -> None:
    result = imported(server(0, "runtime: nvidia", f"environment: {{NVIDIA_VISIBLE_DEVICES: '{value}'}}"))
    assert ("gpus" in topology(result)["hosts"]["box"]) is (value in {"0,2", "all"})
    assert gpus(result) == [asked]


def test_gpus_of_a_default_runtime_are_to_be_listed() -> None:
    todo = notes(imported(server(0, "environment: {NVIDIA_VISIBLE_DEVICES: '0'}")), Kind.TODO)
    assert "list the GPUs of `o0` under `gpus.devices` of its host, if it has any" in todo
    for lines in ("NVIDIA_VISIBLE_DEVICES: none", "CUDA_VISIBLE_DEVICES: ''", "A: '0'"):
        assert "list the GPUs of `o0`" not in notes(imported(server(0, f"environment: {{{lines}}}")), Kind.TODO)


def test_other_devices_are_told_whatever_the_gpus_come_by() -> None:
    lines = "devices: [nvidia.com/gpu=all, /dev/fuse, {source: /dev/video0, target: /dev/video0}, amd.com/gpu=0]"
    result = imported(server(0, lines))
    assert "GPUs of `o0` (nvidia, all)" in notes(result, Kind.TAKEN)
    left = notes(result, Kind.LEFT)
    for device in ("/dev/fuse", "/dev/video0", "amd.com/gpu=0"):
        assert f"device {device} of `o0`" in left


def test_a_device_of_another_driver_is_no_gpu_and_told() -> None:
    result = imported(server(0, reserved("count: 1").replace("driver: nvidia", "driver: rdma")))
    assert "gpus" not in topology(result)["hosts"]["box"]
    assert "a device of the driver `rdma` that `o0` reserves" in notes(result, Kind.LEFT)


def test_a_second_request_for_gpus_is_told() -> None:
    result = imported(server(0, "gpus: [{device_ids: ['0']}, {device_ids: ['1']}]"))
    assert gpus(result) == [["0"]]
    assert "a second request of `o0` for GPUs" in notes(result, Kind.LEFT)


@pytest.mark.parametrize("second", ["gpus: [{count: 2}]", "gpus: all"])
def test_a_second_request_for_gpus_in_another_place_is_told(second: str) -> None:
    result = imported(server(0, reserved("count: 1"), second))
    assert gpus(result) == [1]
    left = [note for note in result.notes if note.message == "a second request of `o0` for GPUs"]
    assert [(note.kind, note.place and note.place.line) for note in left] == [(Kind.LEFT, 6)]


def test_gpus_count_where_only_other_devices_are_reserved() -> None:
    nics = reserved("device_ids: [vendor.com/nic=1]").replace("driver: nvidia", "driver: cdi")
    result = imported(server(0, nics, "gpus: [{count: 2}]"))
    assert gpus(result) == [2]
    assert "device vendor.com/nic=1 of `o0` -- instances get GPUs only" in notes(result, Kind.LEFT)


def test_a_device_of_an_interface_that_is_no_gpu_is_told_as_such() -> None:
    alone = imported(server(0, "gpus: [{driver: cdi, device_ids: [vendor.com/nic=1]}]"))
    assert "gpus" not in topology(alone)["hosts"]["box"]
    result = imported(server(0, "gpus: [{count: 1}, {driver: cdi, device_ids: [vendor.com/nic=1]}]"))
    assert gpus(result) == [1]
    for left in (notes(alone, Kind.LEFT), notes(result, Kind.LEFT)):
        assert "device vendor.com/nic=1 of `o0` -- instances get GPUs only" in left
        assert "a second request" not in left


@pytest.mark.parametrize(
    ("ids", "vendor", "left"),
    [
        ("nvidia.com/gpu=1, vendor.com/nic=0", "nvidia", ["vendor.com/nic=0"]),
        ("vendor.com/nic=0, amd.com/gpu=1, nvidia.com/gpu=0", "amd", ["vendor.com/nic=0", "nvidia.com/gpu=0"]),
        ("intel.com/gpu=1", "intel", []),
    ],
)
def test_of_one_request_the_gpus_of_one_maker_are_taken_and_the_rest_is_told(
    ids: str, vendor: str, left: list[str]
) -> None:
    result = imported(server(0, f"gpus: [{{driver: cdi, device_ids: [{ids}]}}]"))
    assert topology(result)["hosts"]["box"]["gpus"] == {"vendor": vendor, "devices": ["1"]}
    for device in left:
        assert f"device {device} of `o0`" in notes(result, Kind.LEFT)


def test_device_nodes_in_the_long_form_are_gpus_too() -> None:
    assert gpus(imported(server(0, "devices: [{source: /dev/kfd, target: /dev/kfd}]"))) == [None]
    result = imported(server(0, "devices: [{source: /dev/kfd, target: /dev/kfd}]"))
    assert topology(result)["hosts"]["box"]["gpus"]["vendor"] == "amd"


def test_numbers_and_ids_on_one_host_get_in_no_ones_way() -> None:
    result = imported(
        server(0, reserved("device_ids: ['0']")),
        server(1, reserved("count: 1")),
        server(2, reserved("device_ids: ['2', '3']")),
    )
    assert granted(result) == {11434: ["0"], 11435: ["1"], 11436: ["2", "3"]}


SPELLINGS = {
    "gpus: [{{device_ids: [{quoted}]}}]": "",
    "deploy: {{resources: {{reservations: {{devices: [{{driver: nvidia, device_ids: [{quoted}]}}]}}}}}}": "",
    "runtime: nvidia": "environment: {{NVIDIA_VISIBLE_DEVICES: '{bare}'}}",
    "gpus: all": "environment: {{CUDA_VISIBLE_DEVICES: '{bare}'}}",
    "devices: [{cdi}]": "",
}
IDS = st.lists(st.sampled_from("0123"), min_size=1, max_size=2, unique=True)


@pytest.mark.slow
@tried(100)
@hypothesis.given(st.lists(st.tuples(st.sampled_from([*SPELLINGS]), IDS, st.booleans()), min_size=1, max_size=4))
def test_every_server_gets_the_gpus_that_it_names(servers: list[tuple[str, list[str], bool]]) -> None:
    """Equal or not, in a row or not, alone on a GPU or not."""
    written, expected = [], {}
    for number, (spelling, ids, other) in enumerate(servers):
        words = {
            "quoted": ", ".join(f"'{one}'" for one in ids),
            "bare": ",".join(ids),
            "cdi": ", ".join(f"nvidia.com/gpu={one}" for one in ids),
        }
        lines = [line.format(**words) for line in (spelling, SPELLINGS[spelling]) if line]
        written.append(server(number, *lines, image=f"ollama/ollama:0.32.{14 + other}"))
        expected[11434 + number] = ids
    result = imported(*written)
    assert result.obstacles == ()
    assert {port: sorted(ids) for port, ids in granted(result).items()} == {
        port: sorted(ids) for port, ids in expected.items()
    }


NUMBERS = st.sampled_from(["", "gpus: all", "gpus: [{count: 1}]", "gpus: [{count: 2}]", "gpus: [{device_ids: ['1']}]"])
PORTS = st.sampled_from(["'{0}:11434'", "'${{P}}:11434'", "'11500-11502:11434'", "'11434'", "'127.0.0.1::11434'"])


@pytest.mark.slow
@tried(100)
@hypothesis.given(st.lists(st.tuples(NUMBERS, PORTS, st.integers(1, 3)), min_size=1, max_size=4))
def test_numbers_of_gpus_and_ports_in_any_mixture_give_a_topology(servers: list[tuple[str, str, int]]) -> None:
    written = [
        server(5 * n, line or "tty: true", f"ports: [{port.format(11434 + 5 * n)}]", f"scale: {scale}")
        for n, (line, port, scale) in enumerate(servers)
    ]
    if sum("11500" in port for _, port, _ in servers) <= 1:
        result = imported(*written)
        assert result.obstacles == ()
        assert "hosts.box" not in notes(result, Kind.LEFT), "no placement had to be taken out again"


def test_what_no_rule_accepts_of_the_gpus_of_a_host_is_taken_out_and_told() -> None:
    result = imported(
        server(0, "gpus: [{device_ids: ['a b']}]"),
        server(1, "gpus: [{device_ids: ['1']}]", image="ollama/ollama:0.32.14"),
    )
    assert result.obstacles == ()
    assert "`hosts.box.gpus` -- `a b` is no id of a GPU" in notes(result, Kind.LEFT)


def test_where_who_gets_which_gpu_cannot_be_told_none_is_promised() -> None:
    draft = Draft()
    draft.put(("name",), "lab")
    draft.put(("hosts", "box"), {"address": "127.0.0.1", "gpus": {"vendor": "nvidia", "devices": ["0", "1"]}})
    draft.put(("services", "ollama"), {"models": ["llama3.2:3b"], "hosts": {"box": {"instances": 2}}})
    account = Account()
    assert repaired(draft, "", WORLD, account).obstacles == ()
    assert draft.data["hosts"]["box"] == {"address": "127.0.0.1"}
    assert draft.data["services"]["ollama"]["hosts"] == {"box": {"instances": 2}}
    assert [note.message for note in account.notes if note.kind is Kind.LEFT] == ["`hosts.box.gpus`"]


def test_a_port_without_a_number_is_a_free_one() -> None:
    result = imported(server(0), server(7, "ports: ['${P}:11434']", image="ollama/ollama:0.32.14"))
    assert topology(result)["services"]["o7"]["hosts"] == {"box": {"port": 11435}}
    told = "`o7` is published on port 11435 -- composegen gives fixed ports, and no number is stated"
    assert told in notes(result, Kind.DIFFERENT)
    assert topology(result)["hosts"]["box"]["bind"] == EVERYWHERE, "it stays published for others"


def test_a_range_of_ports_begins_where_it_did() -> None:
    result = imported(server(0, "ports: ['12000-12001:11434']", "scale: 2"))
    assert topology(result)["services"]["o"]["hosts"] == {"box": {"instances": 2, "port": 12000}}
    told = "`o0` gets port 12000, and each further instance the next one -- Docker takes any free ones of 12000-12001"
    assert told in notes(result, Kind.DIFFERENT)


@pytest.mark.parametrize(
    ("listens", "port", "bind"),
    [
        ("127.0.0.1", 11434, "127.0.0.1"),
        ("localhost:12000", 12000, "127.0.0.1"),
        ("http://10.0.0.7:12000/", 12000, "10.0.0.7"),
        (f"{EVERYWHERE}:12000", 12000, EVERYWHERE),
        (":12000", 12000, EVERYWHERE),
        ("[::]:12000", 12000, EVERYWHERE),
        (f"${{HOST:-{EVERYWHERE}:12000}}", 12000, EVERYWHERE),
    ],
)
def test_a_server_on_the_network_of_its_host_listens_for_nobody_else(listens: str, port: int, bind: str) -> None:
    variable = f"environment: {{OLLAMA_HOST: '{listens}'}}"
    text = "services:\n" + server(0, "network_mode: host", variable).replace("    ports: ['11434:11434']\n", "")
    file = Given(name="compose.yaml", folder="lab", data=text.encode(), host="box", address="10.0.0.80")
    result = importing.convert([file], [], WORLD)
    own = rendered(result, "box")["o-1"]
    assert own["ports"][0]["published"] == str(port)
    assert own["ports"][0]["host_ip"] == bind
    assert own["environment"]["OLLAMA_HOST"] == "0.0.0.0:11434"
    assert "`OLLAMA_HOST` of `o0` is left out" in notes(result, Kind.DIFFERENT)


def test_the_profile_that_was_chosen_is_named() -> None:
    text = "services:\n  ollama: {image: 'ollama/ollama:0.32.15', profiles: [never, gpu]}\n"
    assert "chosen here: gpu" in notes(converted(text, ["gpu"]), Kind.DIFFERENT)


def test_variables_that_an_app_gets_are_told() -> None:
    part = (
        "  web: {image: 'web:1', depends_on: [ollama]}\n"
        "  own: {image: 'own:1', depends_on: [ollama], environment: {OLLAMA_HOST: x}}\n"
    )
    told = notes(converted(f"services:\n{SERVER}{part}"), Kind.DIFFERENT)
    assert "`web` gets `OLLAMA_HOST` -- by `needs`" in told
    assert "`own` gets" not in told


def test_an_app_with_a_network_mode_waits_for_models_only() -> None:
    part = (
        "  web: {image: 'web:1', depends_on: [ollama], network_mode: host}\n"
        "  api: {image: 'api:1', depends_on: [ollama]}\n"
    )
    taken = notes(converted(f"services:\n{SERVER}{part}"), Kind.TAKEN)
    assert "of `web` -> `needs:` -- with a `network_mode` of its own it waits for the models" in taken
    assert "of `api` -> `needs:` -- it waits for the models as well" in taken
