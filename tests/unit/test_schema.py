"""The JSON Schema of topologies, and what validation makes of it: codes, places, words and advice."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from composegen import document, schema, shapes, wording
from composegen.document import Document
from composegen.fields import NAME, Section
from composegen.findings import Finding, Findings
from composegen.io import resources
from composegen.keypath import show
from composegen.topology import Topology

FILE = Path(__file__).resolve().parents[2] / "schemas" / "topology.schema.json"
MINIMAL = "name: demo\nhosts: {box: {address: 10.0.0.1}}\nservices: {ollama: {hosts: {box: 1}}}\n"


def read(text: str) -> Document:
    parsed, findings = document.parse("t.yaml", text.encode())
    assert parsed is not None
    assert findings == ()
    return parsed


def validate(text: str) -> Findings:
    return schema.validate(read(text), schema.generate(), resources.compose_schema)


def only(text: str) -> Finding:
    (finding,) = validate(text)
    return finding


def service(text: str) -> str:
    """A topology whose only service has these fields, in flow style."""
    return f"name: demo\nhosts: {{box: {{address: 10.0.0.1}}}}\nservices: {{s: {{hosts: {{box: 1}}, {text}}}}}\n"


def test_the_file_is_what_the_declarations_say(update: bool) -> None:
    if update:
        FILE.write_text(schema.text(), encoding="utf-8")
    assert json.loads(FILE.read_text(encoding="utf-8")) == schema.generate(), "run pytest --update"


@pytest.mark.slow
def test_it_is_a_json_schema_that_admits_its_own_examples() -> None:
    whole = schema.generate()
    Draft202012Validator.check_schema(whole)
    for name, node in nodes(whole):
        for example in node["examples"]:
            errors = list(Draft202012Validator({**node, "$defs": whole["$defs"]}).iter_errors(example))
            assert not errors, f"{name}: {errors[0].message}"


def test_every_node_has_a_description_and_an_example_and_optional_ones_their_default() -> None:
    for name, node in nodes(schema.generate()):
        assert node["description"].strip(), name
        assert node["examples"], name
        assert node["examples"] != [None], name


def test_defaults_are_those_of_the_declarations() -> None:
    host = schema.generate()["$defs"]["Init"]["properties"]
    assert (host["attempts"]["default"], host["deadline"]["default"]) == (5, "2h")
    whole = schema.generate()
    for section in shapes.sections(Topology):
        node = whole if section is Topology else whole["$defs"][section.__name__]
        properties = (node["anyOf"][1] if section.SHORT else node)["properties"]
        for field in shapes.declared(section):
            assert ("default" in properties[field.name]) == (field.optional and field.default is not None)


def nodes(whole: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """The root, every definition, every property."""
    yield "topology", whole
    for name, definition in whole["$defs"].items():
        yield name, definition
    for name, definition in (("topology", whole), *whole["$defs"].items()):
        for one in (definition, *definition.get("anyOf", ())):
            for key, field in one.get("properties", {}).items():
                yield f"{name}.{key}", field


def test_sections_are_closed_but_for_free_keys() -> None:
    for name, definition in schema.generate()["$defs"].items():
        whole = definition["anyOf"][1] if "anyOf" in definition else definition
        assert whole["additionalProperties"] is False, name
        assert whole["patternProperties"] == {"^x-": {}}, name
    assert validate(MINIMAL.replace("10.0.0.1", "10.0.0.1, x-rack: [a, {b: 1}]") + "x-team: 5\n") == ()


def test_names_that_begin_like_free_keys_are_names() -> None:
    text = MINIMAL.replace("hosts: {box: {", "hosts: {x-1: {adress: 1}, box: {", 1)
    assert [finding.code for finding in validate(text)] == ["CG104"]


def test_a_key_that_is_not_just_misspelt_is_missing_too() -> None:
    text = MINIMAL.replace("address", "colour")
    assert [finding.code for finding in validate(text)] == ["CG101", "CG104"]


def test_an_annotation_that_is_not_known_is_refused() -> None:
    with pytest.raises(TypeError, match="set"):
        shapes.shape_of(set[str])


def test_the_smallest_topology_is_valid() -> None:
    assert validate(MINIMAL) == ()


def test_an_unknown_key_is_told_as_the_product_shows_it() -> None:
    parsed = read(MINIMAL.replace("address", "adress"))
    (unknown,) = schema.validate(parsed, schema.generate(), resources.compose_schema)
    assert (unknown.code, unknown.slug) == ("CG104", "unknown-key")
    assert unknown.message == "unknown key `adress` in host `box`"
    assert unknown.where.label == "not a host setting"
    assert unknown.expected == "one of: address, bind, directory, docker, gpus, ssh"
    assert unknown.hint == "did you mean `address`?"
    place = parsed.locate(unknown.where)
    assert (place.line, place.column, place.end_column) == (2, 15, 21)


@pytest.mark.parametrize(
    ("text", "code", "path", "message", "hint"),
    [
        ("memory: 16", "CG102", "services.s.memory", "`memory` of service `s` is the number `16`, not text", ""),
        ("image: ", "CG102", "services.s.image", "is empty, not text", "remove the key"),
        ("models: x", "CG102", "services.s.models", "is the text `x`, not a list", ""),
        ("models: [1.10]", "CG102", "services.s.models[0]", "the number `1.10`", 'put it in quotes: "1.10"'),
        ("models: [{name: x, insecure: Yes}]", "CG102", "services.s.models[0].insecure", "`Yes`", "write true"),
        ("models: [{name: x, insecure: 'false'}]", "CG102", "services.s.models[0].insecure", "", "write false"),
        ("init: {attempts: '5'}", "CG102", "services.s.init.attempts", "the text `5`", "remove the quotes: 5"),
        ("init: {attempts: 1:30}", "CG102", "services.s.init.attempts", "the text `1:30`", "with a colon"),
        ("init: {attempts: .inf}", "CG102", "services.s.init.attempts", "the number `.inf`", ""),
        ("init: {pull: allways}", "CG103", "services.s.init.pull", "cannot be the text `allways`", "`always`"),
        ("init: {attempts: 1001}", "CG103", "services.s.init.attempts", "cannot be the number `1001`", ""),
        ("init: true", "CG103", "services.s.init", "cannot be `true`", ""),
        ("init: 5", "CG102", "services.s.init", "is the number `5`, not `true` or `false` or a mapping", ""),
        ("environment: {A: {}}", "CG101", "services.s.environment.A", "has no `secret`", "secret: HF_TOKEN"),
        ("environment: {A: null}", "CG102", "services.s.environment.A", "is empty", "remove the key"),
        ("writer: 5", "CG102", "services.s.writer", "is the number `5`, not text", "put it in quotes"),
        ("engine: vllm", "CG105", "services.s.engine", "engine `vllm` is not known to this version yet", ""),
        ("engine: olama", "CG103", "services.s.engine", "", "did you mean `ollama`?"),
        ("direct: Yes", "CG102", "services.s.direct", "`Yes`", "write true"),
        ("compose: {imag: x}", "CG104", "services.s.compose.imag", "a rule of Compose", "did you mean `image`?"),
        ("compose: {cpus: [1]}", "CG102", "services.s.compose.cpus", "a rule of Compose", ""),
        ("compose: {deploy: {mode: [x]}}", "CG102", "services.s.compose.deploy.mode", "is a list, not text", ""),
        ("compose: {cap_add: [a, a]}", "CG103", "services.s.compose.cap_add", "a rule of Compose", ""),
        ("compose: {labels: 5}", "CG102", "services.s.compose.labels", "not a list or a mapping", ""),
        ("compose: {environment: {A: {secret: a-b}}}", "CG102", "services.s.compose.environment.A", "", "`{secret:"),
        ("compose: {container_name: q}", "CG103", "services.s.compose.container_name", "cannot be the text `q`", ""),
        ("compose: {x: 0777}", "CG104", "services.s.compose.x", "", ""),
    ],
)
def test_findings(text: str, code: str, path: str, message: str, hint: str) -> None:
    finding = next(one for one in validate(service(text)) if one.code == code)
    assert (finding.code, show(finding.where.path)) == (code, path)
    assert message in finding.message
    assert hint in finding.hint
    assert hint or not finding.hint


@pytest.mark.parametrize(
    "text",
    [
        "environment: {A: true, B: 1.10, C: 01, D: {secret: TOKEN}}",
        "init: false",
        "init: {attempts: 2.0}",
        "writer: none",
        "compose: {environment: {A: {secret: TOKEN}, B: null, C: 01}, cpus: 4}",
        "compose: {environment: [A=1], x-mine: {a: 1}, labels: {a: b}, ports: ['8080:80']}",
        "models: [x, {name: y, insecure: true}]",
    ],
)
def test_what_is_right_is_admitted(text: str) -> None:
    assert validate(service(text)) == ()


def test_a_pattern_ends_at_the_end_and_not_before_a_line_break() -> None:
    assert NAME.pattern is not None
    assert NAME.pattern.endswith("$")
    finding = only(MINIMAL.replace("name: demo", 'name: "demo\\n"'))
    assert (finding.code, show(finding.where.path)) == ("CG103", "name")


@pytest.mark.parametrize(
    ("store", "code", "path", "words"),
    [
        ("{kind: nsf}", "CG103", "stores.m.kind", "one of: directory, volume, nfs"),
        ("{path: /x}", "CG101", "stores.m", "one of: directory, volume, nfs"),
        ("{kind: directory, path: x}", "CG103", "stores.m.path", "an absolute path"),
        ("{kind: volume, path: /x}", "CG104", "stores.m.path", "one of: kind"),
        ("{kind: nfs, path: /x, mount: autofs}", "CG103", "stores.m.mount", "one of: fstab, volume"),
        ("{kind: [nfs]}", "CG102", "stores.m.kind", "one of: directory, volume, nfs"),
        ("nfs", "CG102", "stores.m", "a mapping"),
    ],
)
def test_a_store_is_judged_by_its_kind(store: str, code: str, path: str, words: str) -> None:
    finding = only(f"{MINIMAL}stores: {{m: {store}}}\n")
    assert (finding.code, show(finding.where.path)) == (code, path)
    assert words in finding.expected


def test_null_takes_away_what_the_defaults_state_and_nothing_else() -> None:
    defaults = "defaults: {memory: 1GiB, hosts: {box: 1}, environment: {A: 1}, compose: {labels: {a: b}}}\n"
    removing = "memory: null, environment: {A: null}, compose: {labels: {a: null}}"
    assert validate(service(removing) + defaults) == ()
    assert [finding.code for finding in validate(service(removing))] == ["CG102", "CG102"]
    assert only(service("hosts: {box: {port: null}}").replace("hosts: {box: 1}, ", "") + defaults).code == "CG102"


def test_what_is_unknown_already_is_not_judged_again() -> None:
    parsed, tags = document.parse("t.yaml", service("memory: !x 5, init: !y {a: 1}, store: 5").encode())
    assert parsed is not None
    assert [finding.code for finding in tags] == ["CG005", "CG005"]
    (finding,) = schema.validate(parsed, schema.generate(), resources.compose_schema)
    assert show(finding.where.path) == "services.s.store"


def test_findings_come_in_the_order_of_the_file() -> None:
    parsed = read("services: 5\nhosts: 5\nname: 5\nnope: 5\n")
    findings = schema.validate(parsed, schema.generate(), resources.compose_schema)
    assert [parsed.locate(finding.where).line for finding in findings] == [1, 2, 3, 4]


def test_the_schema_of_compose_is_asked_only_where_it_is_needed() -> None:
    def refuse() -> Any:
        raise AssertionError("not needed")

    assert schema.validate(read(MINIMAL), schema.generate(), refuse) == ()


@pytest.mark.parametrize(
    "data", ["5", "[]", "text", "true", "{hosts: [], services: [x], apps: {a: [compose]}, defaults: 1}"]
)
def test_no_shape_of_data_is_too_bad(data: str) -> None:
    assert validate(data)


def test_validation_changes_nothing_in_the_document() -> None:
    text = service("compose: {environment: {A: {secret: T}}}, memory: null") + "defaults: {memory: 1GiB}\n"
    parsed = read(text)
    schema.validate(parsed, schema.generate(), resources.compose_schema)
    assert parsed.data == read(text).data


def test_every_section_can_be_reached() -> None:
    assert {section.__name__ for section in shapes.sections(Topology)} >= {"Secret", "NfsStore", "Need", "Tls", "Init"}
    assert all(issubclass(section, Section) for section in shapes.sections(Topology))


def test_every_pattern_of_compose_has_words() -> None:
    assert set(patterns(resources.compose_schema())) == set(wording.FORMS)
    expected = only(service("compose: {container_name: q}")).expected
    assert expected == "at least two letters, digits, `_`, `.` and `-`, beginning with a letter or digit"


def patterns(schema: Any) -> Iterator[str]:
    match schema:
        case dict():
            for key, value in schema.items():
                yield from [value] if key == "pattern" and isinstance(value, str) else patterns(value)
        case list():
            for item in schema:
                yield from patterns(item)
