"""What a JSON Schema has against a topology, as findings: the only module that imports jsonschema.

The library finds out what does not fit; not a word of its own is shown.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import chain
from typing import TYPE_CHECKING, Any

from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError
from jsonschema.validators import extend

from composegen import faults, foreign, inheritance, limits
from composegen.fields import expression, strict
from composegen.reading import Reading
from composegen.suggestion import nearest

if TYPE_CHECKING:
    from composegen.document import Document
    from composegen.findings import Finding, Findings
    from composegen.keypath import KeyPath

Error = Any
"""A `ValidationError`; by the library's types each attribute may be unset, which none is in an error that was found."""


def validate(
    document: Document,
    schema: Mapping[str, Any],
    compose_schema: Callable[[], Mapping[str, Any]],
    suspect: Any = None,
) -> Findings:
    """Everything in a document that the schema of topologies, or that of Compose, does not admit, by place.

    `compose_schema` is asked only where a topology has Compose's own keys. `suspect` is what may not fit of the data,
    where that is known: the schema of topologies sees nothing else.
    """
    data = inheritance.effective(document.data)
    reading = Reading(document=document, definitions=schema.get("$defs", {}))
    found = chain(
        _errors(data if suspect is None else suspect, schema, reading, ()),
        faults.octal_numbers(document),
        (one for part in foreign.fragments(data) for one in _of_compose(part, compose_schema(), document)),
    )
    return _ordered(limits.first(found), document)


def _errors(data: Any, schema: Mapping[str, Any], reading: Reading, path: KeyPath) -> Iterator[Finding]:
    for error in _Validator(schema).iter_errors(data):
        yield from explain(error, reading, path)


def _of_compose(fragment: foreign.Fragment, schema: Mapping[str, Any], document: Document) -> Iterator[Finding]:
    """Findings about keys that are Compose's; its schema speaks of whole files, so a part of it is asked."""
    definitions = schema["$defs"]
    part = {"$schema": schema["$schema"], "$ref": f"#/$defs/{fragment.schema}", "$defs": definitions}
    reading = Reading(document=document, definitions=definitions, compose=True)
    yield from _errors(fragment.data, part, reading, fragment.path)


def compose_file(document: Document, schema: Mapping[str, Any]) -> Findings:
    """Everything in a whole Compose file that Compose's schema does not admit, by place."""
    reading = Reading(document=document, definitions=schema["$defs"], compose=True)
    return _ordered(limits.first(_errors(document.data, schema, reading, ())), document)


def explain(error: Error, reading: Reading, root: KeyPath) -> Iterator[Finding]:
    """The findings for one error of the library; `root` is where the data that was checked stands."""
    path = (*root, *error.absolute_path)
    schema = error.schema if isinstance(error.schema, Mapping) else {}
    if "propertyNames" in error.schema_path:
        yield faults.bad_key(reading, path, str(error.instance), schema)
        return
    match error.validator:
        case "anyOf" | "oneOf":
            yield from _choice(error, reading, root)
        case "additionalProperties" | "unevaluatedProperties":
            known = reading.known_keys(schema)
            for key in reading.unknown_keys(error.instance, schema):
                yield faults.unknown_key(reading, path, key, known)
        case "required":
            # A key that is only misspelt is not missing as well: one mistake, one finding.
            known = reading.known_keys(schema)
            misspelt = {nearest(key, known) for key in reading.unknown_keys(error.instance, schema)}
            for key in error.validator_value:
                if key not in error.instance and key not in misspelt:
                    yield faults.missing_key(reading, path, key, schema)
        case "type":
            yield faults.wrong_type(reading, path, error.instance, schema)
        case "minProperties":
            yield faults.nothing_in(reading, path, schema)
        case _:
            yield faults.wrong_value(reading, path, error.instance, schema)


def _choice(error: Error, reading: Reading, root: KeyPath) -> Iterator[Finding]:
    """Nothing of what may stand here fits: say what is wrong with the branch that was meant."""
    path = (*root, *error.absolute_path)
    schema = {error.validator: error.validator_value}
    missing = _discriminator(error, reading, path)
    if missing is not None:
        yield missing
        return
    branches: dict[Any, list[Error]] = {}
    for cause in error.context or ():
        branches.setdefault(cause.relative_schema_path[0], []).append(cause)
    meant = [causes for causes in branches.values() if not any(_excludes(one, error.instance) for one in causes)]
    if not branches:
        yield faults.wrong_value(reading, path, error.instance, schema)
        return
    if not meant:
        yield faults.wrong_type(reading, path, error.instance, schema)
        return
    for cause in min(meant, key=len):
        if cause.relative_path or cause.validator not in ("enum", "pattern", "minimum", "maximum"):
            yield from explain(cause, reading, root)
        else:
            yield faults.wrong_value(reading, path, error.instance, schema, cause.schema)


def _excludes(cause: Error, instance: Any) -> bool:
    """Whether an error says that its whole branch was not meant: another type, or another `kind`."""
    if list(cause.relative_path) == ["kind"]:
        return bool(cause.validator == "enum")
    if cause.relative_path:
        return False
    if cause.validator == "enum":
        return not any(type(word) is type(instance) for word in cause.validator_value)
    return str(cause.validator) in {"type", "const"}


def _discriminator(error: Error, reading: Reading, path: KeyPath) -> Finding | None:
    """The finding about `kind`, where that tells the branches apart and none has this one."""
    schemas = [reading.resolved(branch).get("properties", {}).get("kind") for branch in error.validator_value]
    if not isinstance(error.instance, Mapping) or not all(schemas):
        return None
    known = {"enum": [word for schema in schemas for word in schema["enum"]]}
    if "kind" not in error.instance:
        return faults.missing_key(reading, path, "kind", {"properties": {"kind": known}})
    if error.instance["kind"] in known["enum"]:
        return None
    if isinstance(error.instance["kind"], str):
        return faults.wrong_value(reading, (*path, "kind"), error.instance["kind"], known)
    return faults.wrong_type(reading, (*path, "kind"), error.instance["kind"], known)


def _ordered(findings: Iterable[Finding], document: Document) -> Findings:
    """By place; once, where an alias brings the same text to several places; none about what could not be read."""
    by_place: dict[tuple[int, int, str, str], Finding] = {}
    for finding in findings:
        if finding.where.path not in document.unknown or finding.where.part == "key":
            span = document.locate(finding.where)
            by_place.setdefault((span.line, span.column, finding.code, finding.expected), finding)
    return tuple(by_place[key] for key in sorted(by_place))


def _pattern(_validator: object, pattern: str, instance: object, _schema: object) -> Iterator[ValidationError]:
    """The keyword `pattern` with the meaning of JSON Schema: `$` is the end, and not also before a last line break."""
    if isinstance(instance, str) and not expression(strict(pattern)).search(instance):
        yield ValidationError("")


_Validator: Any = extend(Draft202012Validator, {"pattern": _pattern})  # type: ignore[no-untyped-call]
