"""A document as it is read against a JSON Schema, of topologies or of Compose: what the schema wants at a place."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from composegen import wording
from composegen.fields import strict
from composegen.findings import Finding, Location, Part, Severity
from composegen.shapes import FREE

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from composegen.document import Document
    from composegen.keypath import KeyPath


class Reading(Struct, frozen=True, kw_only=True):
    """A document as read against a schema with these definitions; `compose`: the schema is that of Compose."""

    document: Document
    definitions: Mapping[str, Any]
    compose: bool = False

    def resolved(self, schema: Mapping[str, Any]) -> Mapping[str, Any]:
        """The schema that a reference stands for; any other as it is."""
        reference = schema.get("$ref")
        return self.resolved(self.definitions[reference.rpartition("/")[2]]) if reference else schema

    def known_keys(self, schema: Mapping[str, Any]) -> frozenset[str]:
        """Keys that a schema admits by name, its own and those of all parts that it is made of."""
        whole = self.resolved(schema)
        parts = [self.known_keys(part) for part in whole.get("allOf", ())]
        return frozenset(whole.get("properties", {})).union(*parts)

    def unknown_keys(self, found: Mapping[str, Any], schema: Mapping[str, Any]) -> Iterator[str]:
        """Keys of a mapping that a schema does not admit."""
        known = self.known_keys(schema)
        patterns = (FREE, *(pattern.removeprefix("^") for pattern in schema.get("patternProperties", {})))
        for key in found:
            if key not in known and not any(re.match(pattern, key) for pattern in patterns):
                yield key

    def expected(self, schema: Mapping[str, Any]) -> str:
        """What a schema wants, in words."""
        return wording.expected(schema, self.definitions)

    def admits(self, schema: Mapping[str, Any], text: str) -> bool:
        """Whether a text is all that a schema wants, as far as its form goes."""
        match self.resolved(schema):
            case {"anyOf": branches} | {"oneOf": branches}:
                return any(self.admits(branch, text) for branch in branches)
            case {"enum": words}:
                return text in words
            case {"type": "string", "pattern": pattern}:
                return re.search(strict(pattern), text) is not None
            case {"type": names}:
                return "string" in names
        return False

    def text(self, path: KeyPath) -> str | None:
        """How a plain scalar was written."""
        return self.document.texts.get(path)

    def finding(  # noqa: PLR0913 - a finding has this many sides
        self,
        code: str,
        slug: str,
        message: str,
        path: KeyPath,
        *,
        part: Part = "value",
        expected: str = "",
        hint: str = "",
        label: str = "",
    ) -> Finding:
        """A finding of this reading."""
        rule = " (a rule of Compose)" if self.compose else ""
        return Finding(
            code=code,
            slug=slug,
            severity=Severity.ERROR,
            message=message + rule,
            where=Location(path=path, part=part, label=label),
            expected=expected,
            hint=hint,
        )
