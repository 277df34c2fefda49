from __future__ import annotations

from pathlib import Path

import pytest

from composegen.io import cache, unchanged
from composegen.templating import Templates


@pytest.fixture
def shelf(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> cache.Shelf:
    monkeypatch.setenv("COMPOSEGEN_CACHE_DIR", str(tmp_path / "cache"))
    return cache.Shelf("things")


def test_what_is_kept_is_found_again(shelf: cache.Shelf) -> None:
    assert "one" not in shelf
    shelf["one"] = b"1"
    assert (dict(shelf), len(shelf)) == ({"one": b"1"}, 1)
    del shelf["one"]
    assert not shelf
    with pytest.raises(KeyError):
        del shelf["one"]


def test_the_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COMPOSEGEN_CACHE_DIR", "")
    assert cache.folder() is None
    monkeypatch.delenv("COMPOSEGEN_CACHE_DIR")
    monkeypatch.setenv("XDG_CACHE_HOME", "/var/xdg")
    assert cache.folder() == "/var/xdg/composegen"
    monkeypatch.delenv("XDG_CACHE_HOME")
    monkeypatch.setenv("HOME", "/home/someone")
    assert cache.folder() == "/home/someone/.cache/composegen"


def test_without_a_folder_nothing_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COMPOSEGEN_CACHE_DIR", "")
    shelf = cache.Shelf("things")
    shelf["one"] = b"1"
    assert dict(shelf) == {}


def test_a_folder_that_cannot_be_made_is_no_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("COMPOSEGEN_CACHE_DIR", str(tmp_path / "file" / "cache"))
    shelf = cache.Shelf("things")
    shelf["one"] = b"1"
    assert dict(shelf) == {}


def test_a_compiled_template_is_used_again_and_damage_is_noticed() -> None:
    kept: dict[str, bytes] = {}
    texts = {"a.j2": "{{ x | sh }}"}
    assert Templates(texts, kept).render("a.j2", {"x": 1}) == "1"
    (name,) = kept
    code = kept[name]
    assert Templates(texts, kept).render("a.j2", {"x": 2}) == "2"
    assert kept == {name: code}
    for damaged in (b"", code[:-1], code[:40] + b"\0" + code[41:], b"x" + code):
        kept[name] = damaged
        assert Templates(texts, kept).render("a.j2", {"x": 3}) == "3"
        assert kept == {name: code}
    assert Templates({"a.j2": "new {{ x | sh }}"}, kept).render("a.j2", {"x": 4}) == "new 4"


class TestUnchanged:
    """A run, the files that it knew, and what happens to them."""

    @pytest.fixture(autouse=True)
    def _place(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("COMPOSEGEN_CACHE_DIR", str(tmp_path / "cache"))
        monkeypatch.setenv("ASKED", "one")
        monkeypatch.setattr(unchanged, "_TICK", 0)
        self.there, self.missing = tmp_path / "there", tmp_path / "missing"
        self.there.write_text("1")

    def remember(self) -> None:
        unchanged.remember(["render"], [self.there, self.missing], ["ASKED", "UNSET"], "said")

    def test_nothing_happened(self) -> None:
        assert unchanged.recall(["render"]) is None
        self.remember()
        assert unchanged.recall(["render"]) == "said"
        assert unchanged.recall(["render", "--strict"]) is None

    def test_a_file_was_written(self) -> None:
        self.remember()
        self.there.write_text("2")
        assert unchanged.recall(["render"]) is None

    def test_a_file_went(self) -> None:
        self.remember()
        self.there.unlink()
        assert unchanged.recall(["render"]) is None

    def test_a_file_came(self) -> None:
        self.remember()
        self.missing.write_text("")
        assert unchanged.recall(["render"]) is None

    def test_the_mode_changed(self) -> None:
        self.remember()
        self.there.chmod(0o600)
        assert unchanged.recall(["render"]) is None

    def test_a_variable_changed(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.remember()
        with monkeypatch.context() as other:
            other.setenv("ASKED", "two")
            assert unchanged.recall(["render"]) is None
        with monkeypatch.context() as other:
            other.setenv("UNSET", "")
            assert unchanged.recall(["render"]) is None
        assert unchanged.recall(["render"]) == "said"

    def test_another_folder(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.remember()
        monkeypatch.chdir(tmp_path)
        assert unchanged.recall(["render"]) is None

    def test_a_file_that_was_just_written_is_not_trusted(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(unchanged, "_TICK", 10**12)
        self.remember()
        assert unchanged.recall(["render"]) is None

    def test_another_program(self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
        (tmp_path / "program").mkdir()
        module = tmp_path / "program" / "a.py"
        module.write_text("1")
        monkeypatch.setattr(unchanged, "_PROGRAM", tmp_path / "program")
        self.remember()
        assert unchanged.recall(["render"]) == "said"
        module.write_text("2")
        assert unchanged.recall(["render"]) is None

    @pytest.mark.parametrize(
        "damaged", [b"", b"{", b"[]", b"null", b'{"at": 1}', b'{"at":"x","files":[],"variables":3}']
    )
    def test_what_is_kept_is_damaged(self, damaged: bytes) -> None:
        self.remember()
        shelf = cache.Shelf("unchanged")
        (name,) = shelf
        shelf[name] = damaged
        assert unchanged.recall(["render"]) is None

    def test_no_value_of_a_variable_is_kept(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("ASKED", "hunter2")
        self.remember()
        shelf = cache.Shelf("unchanged")
        assert b"hunter2" not in shelf[next(iter(shelf))]
