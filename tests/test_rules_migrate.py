"""Old stores: none that this set-up itself uses, and each once."""

from __future__ import annotations

import pytest

from tests.ruling import places

HOSTS = "name: demo\nhosts: {one: {address: 10.0.0.1}, two: {address: 10.0.0.2}}\n"
DIRECTORY = "{kind: directory, path: /srv/ollama/models}"
NFS = "{kind: nfs, server: one, path: /srv/ollama/models}"


def topology(sources: str, *, store: str = DIRECTORY, hosts: str = "{one: 1}", more: str = "") -> str:
    service = f"chat: {{store: models, hosts: {hosts}, migrate_from: {sources}}}"
    return f"{HOSTS}stores: {{models: {store}}}\nservices:\n  {service}\n{more}"


@pytest.mark.parametrize(
    ("sources", "found"),
    [
        ("[/srv/ollama/models]", [0]),
        ("[/old, /srv/ollama]", [1]),
        ("[/srv]", []),
        ("[/srv/ollama/models/old]", []),
        ("[/srv/ollama-old]", []),
        ("[chat-1-state, demo_chat-1-state, chat-1]", [0, 1]),
        ("[demo_models, models]", []),
    ],
)
def test_what_this_set_up_uses_is_no_old_store(sources: str, found: list[int]) -> None:
    assert places("CG307", topology(sources)) == [f"services.chat.migrate_from[{number}]" for number in found]


def test_the_home_of_a_user_may_hold_the_store() -> None:
    store = "{kind: directory, path: /home/ops/.ollama/models}"
    assert places("CG307", topology("[/home/ops]", store=store)) == ["services.chat.migrate_from[0]"]


def test_a_volume_goes_by_two_names() -> None:
    found = places("CG307", topology("[models, demo_models, demo_old]", store="{kind: volume}"))
    assert found == ["services.chat.migrate_from[0]", "services.chat.migrate_from[1]"]


def test_only_the_host_that_writes_counts() -> None:
    other = (
        "  other: {store: models, writer: none, hosts: {two: {port: 1}}, migrate_from: [other-1-state, chat-1-state]}\n"
    )
    found = places("CG307", topology("[old]", store=NFS, more=other))
    assert found == ["services.other.migrate_from[1]"]


@pytest.mark.parametrize(
    ("sources", "found"),
    [
        ("[a, b]", []),
        ("[a, b, a]", [2]),
        ("[/old, /old/models]", [1]),
        ("[/old/.ollama, /old]", [1]),
        ("[/old/.ollama/models, /old]", [1]),
        ("[/old, /old/other]", []),
    ],
)
def test_each_old_store_is_listed_once(sources: str, found: list[int]) -> None:
    assert places("CG308", topology(sources)) == [f"services.chat.migrate_from[{number}]" for number in found]
