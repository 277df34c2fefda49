"""Patches: they change what they are for and nothing else, or nothing at all, and say why."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import Any

import hypothesis
import pytest
import yaml
from hypothesis import strategies as st
from msgspec.structs import replace

from composegen import document, pipeline, selectors
from composegen.document import Document
from composegen.findings import Finding, Severity
from composegen.keypath import show
from composegen.quoting import yaml as written
from composegen.splicing import Edits, SpliceError, applied, splice
from tests.sampling import FOLDER, compile_text, world

BASE = """\
name: demo
hosts:
  box: {address: 10.0.0.1}
  far: {address: 10.0.0.2}
stores: {pool: {kind: nfs, server: box, path: /srv/models}}
services:
  chat: {store: pool, hosts: {box: 2, far: 1}}
gateway: {host: box}
apps:
  web: {host: far, compose: {image: "example/web:1.4", labels: {a.b: one, other: two}}}
patches:
"""
COMPOSE = PurePosixPath("box/compose.yaml")
STATIC = PurePosixPath("box/traefik/traefik.yaml")
DYNAMIC = PurePosixPath("box/traefik/dynamic/demo.yaml")


def patched(*patches: str) -> dict[PurePosixPath, str]:
    """The tree of a topology with these patches."""
    result = compile_text(BASE + "".join(f"  - {patch}\n" for patch in patches))
    assert not [finding for finding in result.findings if finding.severity is Severity.ERROR], result.findings
    assert result.tree is not None
    return {path: entry.data.decode() for path, entry in result.tree.items()}


def plain() -> dict[PurePosixPath, str]:
    result = compile_text(BASE.replace("patches:\n", ""))
    assert result.tree is not None
    return {path: entry.data.decode() for path, entry in result.tree.items()}


def wrong(*patches: str) -> list[tuple[str, str]]:
    """Code and key path of each finding about these patches."""
    result = compile_text(BASE + "".join(f"  - {patch}\n" for patch in patches))
    assert result.tree is None
    return [(finding.code, show(finding.where.path)) for finding in result.findings]


def finding(patch: str) -> Finding:
    result = compile_text(f"{BASE}  - {patch}\n")
    assert result.tree is None
    (found,) = result.findings
    return found


def lines_changed(before: str, after: str) -> tuple[list[str], list[str]]:
    """Lines that only one of two texts has."""
    first, second = before.splitlines(), after.splitlines()
    return [one for one in first if one not in second], [one for one in second if one not in first]


def test_a_value_is_replaced_in_its_place_and_every_other_byte_stays() -> None:
    before, after = plain(), patched("{file: traefik/traefik.yaml, match: log.level, set: DEBUG}")
    assert [path for path in after if after[path] != before[path]] == [COMPOSE, STATIC]
    assert after[STATIC] == before[STATIC].replace("  level: INFO\n", "  level: DEBUG\n")


def test_a_key_is_added_after_the_last_one_of_its_mapping() -> None:
    before, after = plain(), patched("{file: traefik/traefik.yaml, match: log, merge: {format: json}}")
    assert after[STATIC] == before[STATIC].replace("  level: INFO\n", "  level: INFO\n  format: json\n")


def test_an_entry_is_taken_out() -> None:
    after = patched('{hosts: [far], match: services.web.labels."a.b", remove: true}')
    far = PurePosixPath("far/compose.yaml")
    assert lines_changed(plain()[far], after[far]) == (["      a.b: one"], [])


def test_a_merge_adds_replaces_and_removes_at_every_depth() -> None:
    after = patched("{hosts: [far], match: services.web, merge: {labels: {a.b: null, other: 2, new: x}, cpus: 3}}")
    web = yaml.safe_load(after[PurePosixPath("far/compose.yaml")])["services"]["web"]
    assert web == {"image": "example/web:1.4", "labels": {"other": 2, "new": "x"}, "cpus": 3, **{
        key: web[key] for key in web if key not in {"image", "labels", "cpus"}
    }}  # fmt: skip


def test_what_is_in_brackets_is_written_anew_in_brackets() -> None:
    before = parsed("a: {b: 1, c: [2, {d: 3}]}  # tail\nz: 1\n")
    for edits, after in (
        (Edits(replaced={("a", "b"): "x"}), "a: {b: x, c: [2, {d: 3}]}"),
        (Edits(replaced={("a", "c", 1, "d"): "on"}), 'a: {b: 1, c: [2, {d: "on"}]}'),
        (Edits(removed={("a", "c", 0), ("a", "b")}), "a: {c: [{d: 3}]}"),
        (Edits(added={("a", "e"): None}), "a: {b: 1, c: [2, {d: 3}], e: null}"),
    ):
        expected = applied(parsed("\n".join(before.lines)).data, edits)
        assert splice(before, expected, edits, written) == f"{after}  # tail\nz: 1\n"


@pytest.mark.slow
def test_comments_and_the_header_stay() -> None:
    before, after = (
        plain(),
        patched(
            "{match: services.chat-1, merge: {cpus: 2}}", "{hosts: [box], match: services.chat-2, merge: {cpus: 2}}"
        ),
    )
    assert [line for line in before[COMPOSE].splitlines() if "#" in line] == [
        line for line in after[COMPOSE].splitlines() if "#" in line
    ]
    assert lines_changed(before[COMPOSE], after[COMPOSE]) == ([], ["    cpus: 2"] * 2)


@pytest.mark.slow
def test_a_dollar_reaches_the_program_as_one() -> None:
    after = patched("{match: services.chat-1, merge: {labels: {price: $5}}}")
    assert yaml.safe_load(after[COMPOSE])["services"]["chat-1"]["labels"] == {"price": "$$5"}
    told = patched("{file: traefik/traefik.yaml, match: log, merge: {filePath: /x/$y}}")
    assert yaml.safe_load(told[STATIC])["log"]["filePath"] == "/x/$y"


def test_what_goes_into_a_dynamic_file_is_no_template_for_traefik() -> None:
    merged = "{middlewares: {mine: {headers: {customRequestHeaders: {X-A: '{{ b }}'}}}}}"
    text = patched(f"{{file: traefik/dynamic/demo.yaml, match: http, merge: {merged}}}")[DYNAMIC]
    assert "{{ b" not in text
    headers = yaml.safe_load(text)["http"]["middlewares"]["mine"]["headers"]["customRequestHeaders"]
    assert headers == {"X-A": "{{ b }}"}


@pytest.mark.slow
def test_words_that_a_reader_of_yaml_1_1_takes_for_something_else_are_quoted() -> None:
    after = patched('{match: services.chat-1, merge: {labels: {"on": "no", "1": "0x1"}}}')
    assert yaml.safe_load(after[COMPOSE])["services"]["chat-1"]["labels"] == {"on": "no", "1": "0x1"}


@pytest.mark.slow
def test_the_order_of_keys_in_a_patch_moves_no_line() -> None:
    one = patched("{match: services.chat-1, merge: {cpus: 2, cap_drop: [ALL], labels: {b: x, a: y}}}")
    other = patched("{match: services.chat-1, merge: {labels: {a: y, b: x}, cap_drop: [ALL], cpus: 2}}")
    assert one == other


@pytest.mark.slow
def test_patches_are_applied_in_their_order() -> None:
    after = patched("{match: services.chat-1, merge: {cpus: 2}}", "{match: services.chat-1.cpus, set: 3}")
    assert yaml.safe_load(after[COMPOSE])["services"]["chat-1"]["cpus"] == 3


def test_only_the_hosts_that_are_meant_are_patched() -> None:
    before, after = plain(), patched("{hosts: [f*], match: services.chat-1, merge: {cpus: 2}}")
    assert [path for path in after if after[path] != before[path]] == [PurePosixPath("far/compose.yaml")]


@pytest.mark.slow
def test_every_host_that_is_named_is_patched() -> None:
    before, after = plain(), patched("{hosts: [far, box], match: services.chat-1, merge: {cpus: 2}}")
    assert [path for path in after if after[path] != before[path]] == [COMPOSE, PurePosixPath("far/compose.yaml")]


@pytest.mark.slow
def test_null_takes_out_what_is_there_and_brings_nothing() -> None:
    after = patched("{hosts: [box], match: services.chat-1, merge: {labels: {a: null, b: x}, cpus: null}}")
    chat = yaml.safe_load(after[COMPOSE])["services"]["chat-1"]
    assert chat["labels"] == {"b": "x"}
    assert "cpus" not in chat
    told = patched("{file: traefik/traefik.yaml, match: log, merge: {level: {a: null, b: 1}}}")
    assert yaml.safe_load(told[STATIC])["log"] == {"level": {"b": 1}}


def test_a_dollar_in_a_list_reaches_the_program_as_one() -> None:
    after = patched("{hosts: [far], match: services.web, merge: {command: [echo, $5]}}")
    web = yaml.safe_load(after[PurePosixPath("far/compose.yaml")])["services"]["web"]
    assert web["command"] == ["echo", "$$5"]


def test_what_is_wrong_on_several_hosts_is_told_in_their_order() -> None:
    result = compile_text(f"{BASE}  - {{hosts: [far, box], match: gone, set: 1}}\n")
    assert ["box/" in found.message for found in result.findings] == [True, False]


ADMIN = BASE.replace("gateway: {host: box}", "gateway: {host: box, admin: {users: users, allow: [10.0.0.0/8]}}")


@pytest.mark.parametrize(
    ("file", "match"),
    [
        ("traefik/traefik.yaml", "entryPoints.*.address"),
        ("traefik/traefik.yaml", "ping"),
        ("traefik/traefik.yaml", "providers.file.directory"),
        *(
            ("traefik/dynamic/demo.yaml", f"http.routers.demo-chat.{key}")
            for key in ("rule", "service", "entryPoints", "priority", "middlewares")
        ),
        ("traefik/dynamic/demo.yaml", "http.services.demo-chat.loadBalancer.servers[0].url"),
        ("traefik/dynamic/demo.yaml", "http.middlewares.demo-allow.ipAllowList"),
        ("traefik/dynamic/demo.yaml", "http.middlewares.demo-users.basicAuth.usersFile"),
        ("compose.yaml", "services.traefik.image"),
        ("compose.yaml", "services.traefik.volumes[0].source"),
    ],
)
def test_what_others_rely_on_stays(file: str, match: str) -> None:
    result = compile_text(f"{ADMIN}  - {{hosts: [box], file: {file}, match: '{match}', count: any, remove: true}}\n")
    assert [found.code for found in result.findings if found.severity is Severity.ERROR] == ["CG112"]


@pytest.mark.parametrize(
    "patch",
    [
        "{hosts: [box], match: services.traefik, merge: {network_mode: host}}",
        "{hosts: [box], match: services.traefik, merge: {profiles: [a]}}",
        "{hosts: [far], match: volumes.chat-1-state, merge: {driver: other}}",
        "{hosts: [far], match: volumes.chat-1-state, merge: {external: true}}",
    ],
)
def test_nothing_is_added_by_which_it_would_no_longer_start(patch: str) -> None:
    assert [code for code, _ in wrong(patch)] == ["CG112"]


def test_a_volume_whose_options_an_app_states_is_the_users() -> None:
    app = BASE.replace("apps:\n  web: {host: far,", "apps:\n  web: {host: far, volumes: {data: {labels: {a: b}}},")
    result = compile_text(f"{app}  - {{hosts: [far], match: volumes.data, merge: {{driver: other}}}}\n")
    assert result.tree is not None, result.findings
    far = yaml.safe_load(result.tree[PurePosixPath("far/compose.yaml")].data)
    assert far["volumes"]["data"] == {"labels": {"a": "b"}, "driver": "other"}


@pytest.mark.parametrize(
    ("patch", "code", "place"),
    [
        ("{match: services.chat-1}", "CG110", "patches[0]"),
        ("{match: services.web, remove: true, set: 1}", "CG110", "patches[0].remove"),
        ("{match: 'a b', set: 1}", "CG110", "patches[0].match"),
        ("{match: 'a..b', set: 1}", "CG110", "patches[0].match"),
        ("{match: '[', set: 1}", "CG110", "patches[0].match"),
        ("{hosts: [box], match: services.chat-1.init, merge: {a: 1}}", "CG110", "patches[0].merge"),
        ("{hosts: [bx], match: services, set: 1}", "CG111", "patches[0].hosts[0]"),
        ("{hosts: [box, bx*], match: services, set: 1}", "CG111", "patches[0].hosts[1]"),
        ("{hosts: [], match: services, set: 1}", "CG111", "patches[0].hosts"),
        ("{file: compose.yml, match: services, set: 1}", "CG111", "patches[0].file"),
        ("{file: nfs/setup.sh, match: services, set: 1}", "CG111", "patches[0].file"),
        ("{hosts: [box], match: services.chat-3, remove: true}", "CG111", "patches[0].match"),
        ("{hosts: [box], match: services.chat-1.cpus, set: 1}", "CG111", "patches[0].match"),
        ("{hosts: [box], match: 'services.chat-1.ports[7]', set: 1}", "CG111", "patches[0].match"),
        ("{hosts: [box], match: services.chat-*, merge: {cpus: 1}}", "CG111", "patches[0].match"),
        ("{hosts: [box], match: services.chat-1, count: 2, merge: {cpus: 1}}", "CG111", "patches[0].match"),
        ("{hosts: [box], match: services.chat-9*, count: any, merge: {cpus: 1}}", "CG111", "patches[0].match"),
        ("{hosts: [box], match: services.chat-1.image, set: x}", "CG112", "patches[0].match"),
        ("{hosts: [box], match: services.chat-1, merge: {mem_limit: 1g}}", "CG112", "patches[0].merge.mem_limit"),
        ("{hosts: [box], match: services.chat-1, remove: true}", "CG112", "patches[0].match"),
        ("{hosts: [box], match: services, set: {}}", "CG112", "patches[0].match"),
        ("{hosts: [far], match: 'services.chat-1.volumes[0].target', set: /x}", "CG112", "patches[0].match"),
        ("{hosts: [box], match: name, set: other}", "CG112", "patches[0].match"),
        ("{hosts: [far], match: services.web, merge: {depends_on: [x]}}", "CG112", "patches[0].merge.depends_on"),
        ("{file: traefik/traefik.yaml, match: entryPoints, remove: true}", "CG112", "patches[0].match"),
        ("{file: traefik/dynamic/demo.yaml, match: http.routers.*.rule, set: x}", "CG112", "patches[0].match"),
        ("{hosts: [box], match: services.chat-1, merge: {cpuz: 1}}", "CG016", "patches[0].match"),
        ("{hosts: [box], match: services.chat-1, merge: {cpus: [1]}}", "CG016", "patches[0].match"),
    ],
)
def test_a_patch_that_cannot_be_applied_is_an_error_at_its_line(patch: str, code: str, place: str) -> None:
    assert wrong(patch) == [(code, place)]


@pytest.mark.slow
def test_every_wrong_patch_is_told_in_one_run_and_the_right_one_is_to_blame() -> None:
    assert wrong("{match: a, set: 1, hosts: [box]}", "{match: b, set: 1, hosts: [box]}") == [
        ("CG111", "patches[0].match"),
        ("CG111", "patches[1].match"),
    ]
    good = "{match: services.chat-1, merge: {cpus: 1}}"
    assert wrong(good, "{match: services.chat-1, hosts: [box], merge: {cpuz: 1}}", good) == [
        ("CG016", "patches[1].match")
    ]


@pytest.mark.slow
def test_what_to_do_is_said() -> None:
    assert finding("{hosts: [box], match: services.chat-1.cpus, set: 1}").hint == (
        "to add a key, match `services.chat-1` and merge {cpus: ...} into it"
    )
    assert finding("{hosts: [box], match: services.chat-3, remove: true}").hint == "did you mean `chat-2`?"
    assert "chat-1" in finding("{hosts: [box], match: services.x, remove: true}").expected
    assert finding("{hosts: [box], match: services.chat-1.image, set: x}").expected == "`image` of the service"


@pytest.mark.parametrize(
    ("patch", "message", "expected", "hint"),
    [
        (
            "{hosts: [box], match: services.chat-1, set: 1, remove: true}",
            "the patch has `set` and `remove`, and can do only one",
            "one of: set, merge, remove",
            "",
        ),
        (
            "{hosts: [box], match: services.chat-1, remove: true}",
            "`services.chat-1` in box/compose.yaml holds what composegen decides on itself: `services.chat-1.command`",
            "a place that composegen leaves to you",
            "a compose.override.yaml beside the file may overrule it",
        ),
        (
            "{hosts: [box], match: services.chat-1.image, set: x}",
            "composegen decides on `services.chat-1.image` in box/compose.yaml itself",
            "`image` of the service",
            "",
        ),
        (
            "{hosts: [box], match: services.chat-1.*, set: 1}",
            "`services.chat-1.*` finds 11 in box/compose.yaml, not 1",
            "",
            "it finds `services.chat-1.image`, `services.chat-1.restart`, `services.chat-1.init` and more",
        ),
        (
            "{hosts: [box], match: services.*, merge: {cpus: 1}}",
            "`services.*` finds 3 in box/compose.yaml, not 1",
            "",
            "it finds `services.chat-1`, `services.chat-2`, `services.traefik`",
        ),
        (
            "{hosts: [box], match: services.up-9*, count: any, set: 1}",
            "`services.up-9*` finds nothing in box/compose.yaml, not at least one",
            "one of: chat-1, chat-2, traefik",
            "to add a key, match `services` and merge {up-9*: ...} into it",
        ),
        (
            "{hosts: [box], match: services.a.b, set: 1}",
            "`services.a.b` finds nothing in box/compose.yaml, not 1",
            "one of: chat-1, chat-2, traefik",
            "",
        ),
        (
            "{hosts: [box], match: a, set: 1}",
            "`a` finds nothing in box/compose.yaml, not 1",
            "one of: name, services, volumes",
            "",
        ),
        (
            "{hosts: [far], match: services.web.a, remove: true}",
            "`services.web.a` finds nothing in far/compose.yaml, not 1",
            "one of: image, labels",
            "",
        ),
        (
            "{hosts: [far], match: 'services.web[0]', set: 1}",
            "`services.web[0]` finds nothing in far/compose.yaml, not 1",
            "one of: image, labels",
            "",
        ),
        (
            "{file: compose.yml, match: services, set: 1}",
            "the patch is for `compose.yml`, which no host `*` has",
            "one of: compose.yaml, traefik/dynamic/demo.yaml, traefik/traefik.yaml",
            "did you mean `compose.yaml`?",
        ),
        (
            "{hosts: [bx], match: services, set: 1}",
            "the patch is for `bx`, and there is no such host",
            "one of: box, far",
            "did you mean `box`?",
        ),
    ],
)
def test_a_wrong_patch_is_told_in_words(patch: str, message: str, expected: str, hint: str) -> None:
    found = finding(patch)
    assert (found.message, found.expected, found.hint) == (message, expected, hint)


def test_of_an_empty_list_nothing_is_offered() -> None:
    first = "{hosts: [box], match: services.chat-1, merge: {dns: []}}"
    found = finding(first + "\n  - {hosts: [box], match: 'services.chat-1.dns[0]', set: 1.1.1.1}")
    assert found.expected == "no more than `services.chat-1.dns`"


def test_what_is_taken_is_named_as_it_stands_in_the_file() -> None:
    found = finding("{hosts: [box], match: services.chat-1, remove: true}").message
    assert "`services.chat-1.command`" in found, "and no key that is not there, nor one by chance"


def test_null_is_said_to_be_no_value() -> None:
    assert "`set` cannot write `null`" in finding("{match: services.chat-1.init, set: null}").hint


@pytest.mark.slow
def test_labels_by_which_containers_are_made_anew_stay() -> None:
    patch = "{hosts: [box], match: services.traefik, merge: {labels: {composegen.entrypoint: x}}}"
    assert wrong(patch) == [("CG112", "patches[0].merge.labels.composegen.entrypoint")]
    assert wrong('{hosts: [box], match: services.traefik.labels."composegen.entrypoint", remove: true}') == [
        ("CG112", "patches[0].match")
    ]


@pytest.mark.slow
def test_traefik_starts_anew_when_its_static_file_is_patched() -> None:
    labels = [
        yaml.safe_load(patched(f"{{file: traefik/traefik.yaml, match: log.level, set: {level}}}")[COMPOSE])["services"][
            "traefik"
        ]["labels"]
        for level in ("DEBUG", "WARN")
    ]
    assert labels[0]["composegen.static"] != labels[1]["composegen.static"]
    assert labels[0].keys() - yaml.safe_load(plain()[COMPOSE])["services"]["traefik"]["labels"].keys() == {
        "composegen.static"
    }


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("a.b", ["a.b"]),
        ("a.*", ["a.b", "a.c-1", "a.c-2"]),
        ("a.c-*", ["a.c-1", "a.c-2"]),
        ("a.*-2", ["a.c-2"]),
        ("l[0]", ["l[0]"]),
        ("l[*]", ["l[0]", "l[1]"]),
        ("l[name=y]", ["l[1]"]),
        ("l[name=y].v", ["l[1].v"]),
        ("l[v=1]", ["l[1]"]),
        ("l[v=None]", []),
        ('"x.y"', ["x.y"]),
        (r'"a\"b"', ['a"b']),
        ("l[9]", []),
        ("a[0]", []),
        ("l.name", []),
        ("*.b", ["a.b"]),
    ],
)
def test_a_selector_finds_what_it_names(text: str, found: list[str]) -> None:
    data = {"a": {"b": 1, "c-1": 2, "c-2": 3}, "l": [{"name": "x"}, {"name": "y", "v": 1}], "x.y": 0, 'a"b': 0}
    selector = selectors.parse(text)
    assert selector is not None
    assert [show(path) for path in selectors.select(data, selector)] == found


@pytest.mark.parametrize("text", ["", ".", ".a", "a.", "a..b", "a b", "[", "[a]", "a[", 'a."', "a.[0]", "[-1]"])
def test_a_text_that_is_no_path_is_no_selector(text: str) -> None:
    assert selectors.parse(text) is None


def test_the_parts_of_a_pattern_share_no_character() -> None:
    for pattern, text in (("ab*ba", "aba"), ("a*b*b", "ab"), ("*a*a*", "a"), ("*ab*ba*", "aba")):
        assert not selectors.fits(pattern, text)
        assert selectors.fits(pattern, text + text + text)


def test_a_pattern_takes_no_more_time_than_its_length() -> None:
    assert not selectors.fits("*a" * 5000 + "b", "a" * 50_000)
    assert selectors.fits("*a" * 5000, "a" * 50_000)


KEYS = st.sampled_from(["a", "b", "on", "1", "x.y", "#", "ü"])
SCALARS = st.one_of(st.none(), st.booleans(), st.integers(), st.text(max_size=8).filter(str.isprintable))
DATA = st.dictionaries(
    KEYS,
    st.recursive(
        SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3), max_leaves=8
    ),
    min_size=1,
    max_size=4,
)


def parsed(text: str) -> Document:
    found, findings = document.parse("x", text.encode())
    assert found is not None, (text, findings)
    assert not findings, (text, findings)
    return found


@pytest.mark.slow
@hypothesis.given(DATA, st.data())
def test_a_spliced_text_holds_what_the_edits_say(data: dict[str, Any], draw: st.DataObject) -> None:
    text = "# header\n" + written(data, 0) + "  # tail\n" * (not isinstance([*data.values()][-1], dict | list)) + "\n"
    before = parsed(text)
    paths = [path for path in before.values if path]
    path = draw.draw(st.sampled_from(paths))
    edits = draw.draw(st.sampled_from(["replace", "remove", "add"]))
    new = draw.draw(st.recursive(SCALARS, lambda inner: st.lists(inner, max_size=2), max_leaves=3))
    if edits == "replace":
        made = Edits(replaced={path: new})
    elif edits == "remove":
        made = Edits(removed={path})
    else:
        parent = path if isinstance(selectors.at(before.data, path), dict) else ()
        made = Edits(added={(*parent, "brand new"): new})
    expected = applied(parsed(text).data, made)
    if expected == {}:
        with pytest.raises(SpliceError):
            splice(before, expected, made, written)
        return
    after = splice(before, expected, made, written)
    assert parsed(after).data == expected
    assert after.startswith("# header\n")


def test_what_cannot_be_changed_in_place_is_written_anew_below_its_header() -> None:
    own = '# mine\n\nname: demo\nx-a: &a {b: 1}\nx-c: *a\nservices: {s: {image: "x:1"}}\n'
    text = BASE.replace("patches:", "templates: t\npatches:") + "  - {hosts: [box], match: x-a.b, set: 2}\n"
    beside = replace(world(FOLDER), folder=lambda _: {"compose/stack.yaml.j2": own.encode()})
    result = pipeline.compile(pipeline.Source(name="topology.yaml", data=text.encode()), beside)
    assert result.tree is not None, result.findings
    after = result.tree[COMPOSE].data.decode()
    assert after.startswith("# mine\n\nname: demo\n")
    assert (yaml.safe_load(after)["x-a"], yaml.safe_load(after)["x-c"]) == ({"b": 2}, {"b": 1})


def test_several_items_of_a_list_go_without_moving_each_other() -> None:
    numbers = list(range(12))
    edits = Edits(removed={("l", 0), ("l", 2), ("l", 10)})
    assert applied({"l": numbers}, edits) == {"l": [1, 3, 4, 5, 6, 7, 8, 9, 11]}


def test_labels_that_a_template_writes_as_a_list_stay() -> None:
    own = "services: {traefik: {image: x, labels: [a=b]}}\n"
    patch = "  - {file: traefik/traefik.yaml, match: log.level, set: DEBUG}\n"
    text = BASE.replace("patches:", "templates: t\npatches:") + patch
    beside = replace(world(FOLDER), folder=lambda _: {"compose/stack.yaml.j2": own.encode()})
    result = pipeline.compile(pipeline.Source(name="topology.yaml", data=text.encode()), beside)
    assert result.tree is not None, result.findings
    assert result.tree[COMPOSE].data.decode() == own


def test_changes_in_one_place_are_not_made_on_top_of_each_other() -> None:
    before = parsed("l:\n  - a: 1\n    b: 2\n")
    edits = Edits(removed={("l", 0, "a")}, replaced={("l", 0, "b"): 3})
    with pytest.raises(SpliceError):
        splice(before, applied(parsed("l:\n  - a: 1\n    b: 2\n").data, edits), edits, written)


def test_a_text_without_an_end_of_line_gets_one_before_what_is_added() -> None:
    before = parsed("a: 1")
    edits = Edits(added={("b",): 2})
    assert splice(before, applied(parsed("a: 1").data, edits), edits, written) == "a: 1\nb: 2\n"


def test_an_alias_goes_with_its_line_and_is_not_replaced_in_place() -> None:
    before = parsed("x: &a 1\ny: *a\n")
    assert splice(before, {"x": 1}, Edits(removed={("y",)}), written) == "x: &a 1\n"
    with pytest.raises(SpliceError):
        splice(before, {"x": 1, "y": 2}, Edits(replaced={("y",): 2}), written)


def test_an_empty_value_is_replaced_after_its_colon() -> None:
    before = parsed("a:\nb :  # nothing yet\nc: 1\n")
    edits = Edits(replaced={("a",): {"x": 1}, ("b",): 2})
    expected = applied(parsed("a:\nb :\nc: 1\n").data, edits)
    assert splice(before, expected, edits, written) == "a:\n  x: 1\nb: 2  # nothing yet\nc: 1\n"
