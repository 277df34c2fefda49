"""Compose files as plain data: composegen's own, and those of others."""

from __future__ import annotations

from composegen.impact.reading import read

ANCHORS = b"x-all: &all {restart: always, init: true}\nservices:\n  web: {<<: *all, init: false, image: web}\n"


def test_anchors_and_merge_keys_of_others_are_followed() -> None:
    assert read(ANCHORS)["services"]["web"] == {"restart": "always", "init": False, "image": "web"}


def test_what_cannot_be_followed_is_nothing() -> None:
    assert read(b"a: *nowhere\n") is None
    assert read(b"a: !reset {}\n") is None
    assert read(b"a: [\n") is None
