"""A review as JSON, for programs: a versioned envelope, described by `schemas/diff.schema.json`.

Later versions only add keys; what is here keeps its name and meaning.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from composegen import __version__
from composegen.findings import Span
from composegen.impact.model import ABSENT, Difference, Impact, Review, Risk
from composegen.keypath import show
from composegen.report.review import About

VERSION = 1


def report(review: Review, about: About, rests_on: Mapping[str, Any] | None = None) -> str:
    """The whole review as one JSON document; `rests_on` is what a saved plan was made from."""
    return json.dumps(document(review, about, rests_on), indent=2, ensure_ascii=False) + "\n"


def document(review: Review, about: About, rests_on: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """The same as plain data."""
    whole: dict[str, Any] = {
        "version": VERSION,
        "tool": {"name": "composegen", "version": __version__},
        "topology": about.name,
        "compared_with": about.after,
        "summary": {**{effect.value: count for effect, count in review.counts.items()}, "unchanged": review.unchanged},
        "impacts": [_impact(impact, about) for impact in review.impacts],
        "actions": [
            {
                "host": action.host,
                "command": action.command,
                "reason": action.reason,
                "when": action.when.name.lower(),
            }
            for action in review.actions
        ],
        "risks": [
            {
                "host": risk.host,
                "message": risk.message,
                "command": risk.command,
                "grave": risk.grave,
                "cause": _cause(risk, about),
            }
            for risk in review.risks
        ],
        "capacities": [
            {
                "service": one.service,
                "serving": one.serving,
                "total": one.total,
                "at_once": one.at_once,
                "afterwards": one.afterwards,
                "how": one.how,
            }
            for one in review.capacities
        ],
        "renames": [{"host": one.host, "before": one.before, "after": one.after} for one in review.renames],
        "edited": [{"file": str(path), "lines": lines} for path, lines in review.edited.items()],
        "foreign": [str(path) for path in review.foreign],
        "hosts": {"added": list(review.added), "removed": list(review.removed)},
    }
    return whole if rests_on is None else {**whole, "rests_on": dict(rests_on)}


def _impact(impact: Impact, about: About) -> dict[str, Any]:
    return {
        "host": impact.host,
        "file": str(impact.file),
        "subject": impact.subject,
        "action": impact.action.name.lower(),
        "effect": impact.effect.value,
        "summary": impact.summary,
        "why": impact.why,
        "differences": [_difference(difference, about) for difference in impact.differences],
        "cause": _cause(impact, about),
    }


def _difference(difference: Difference, about: About) -> dict[str, Any]:
    """A side that is not there has no key; one that must not be shown is null, and `sensitive` says so."""
    sides = {"before": difference.before, "after": difference.after}
    shown = {side: None if difference.sensitive else value for side, value in sides.items() if value is not ABSENT}
    return {
        "path": show(difference.path),
        **shown,
        "sensitive": difference.sensitive,
        "summary": difference.summary,
        "cause": _cause(difference, about),
    }


def _cause(subject: Impact | Difference | Risk, about: About) -> dict[str, Any] | None:
    """The place in a topology: lines and columns from 1, the end exclusive."""
    older = not isinstance(subject, Risk) and subject.by_older
    locate = about.locate_before if older else about.locate
    if subject.cause is None or locate is None:
        return None
    span: Span = locate(subject.cause)
    return {
        "file": about.before_name if older else about.name,
        "line": span.line,
        "column": span.column,
        "end": {"line": span.end_line, "column": span.end_column},
        "path": show(subject.cause.path),
        "older": older,
    }
