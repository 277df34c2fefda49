"""Guards around every test, the few words that tests share, and what keeps a run of thousands of them quick.

A test sees an empty HOME, no COMPOSEGEN_ variable and no colour setting, reaches no network beyond this machine, and
must leave environment and working directory as they were.
"""

from __future__ import annotations

import gc
import os
import signal
import socket
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import hypothesis
import pytest

from tests.invoking import Run, runner

# No test may depend on how fast the machine is.
hypothesis.settings.register_profile("composegen", deadline=None)
hypothesis.settings.load_profile("composegen")

LOOPBACK = ("127.", "::1", "localhost")
ENGINES = Path(__file__).resolve().parent / "engines"
COLOURS = ("NO_COLOR", "FORCE_COLOR", "CLICOLOR", "CLICOLOR_FORCE")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--update", action="store_true", help="rewrite generated files and what the samples render to")


def pytest_configure() -> None:
    # In the background of a script it is ignored, and so it would be by the programs that tests interrupt.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    gc.disable()  # collecting makes a hundred thousand objects, and they stay; looking through them anew takes seconds


def pytest_collection_finish() -> None:
    gc.freeze()
    gc.enable()


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """What is not to run is not imported either: all tests in `engines/` need an Engine."""
    return (collection_path == ENGINES and "not engine" in config.option.markexpr) or None


@pytest.fixture
def update(request: pytest.FixtureRequest) -> bool:
    """Whether generated files are to be rewritten instead of compared."""
    return bool(request.config.getoption("--update"))


@pytest.fixture(scope="session")
def empty_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home folder without any settings; nothing may be written to it."""
    home = tmp_path_factory.mktemp("home")
    home.chmod(0o555)
    return home


@pytest.fixture(scope="session")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The cache folder of all tests of a session."""
    return tmp_path_factory.mktemp("cache")


@pytest.fixture(autouse=True)
def _guards(
    empty_home: Path, cache: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> Iterator[None]:
    before = dict(os.environ), Path.cwd()
    with pytest.MonkeyPatch.context() as guard:
        for name in [name for name in os.environ if name.startswith("COMPOSEGEN_") or name in COLOURS]:
            guard.delenv(name)
        guard.setenv("HOME", str(empty_home))
        guard.setenv("XDG_CACHE_HOME", str(cache))
        guard.setattr(socket.socket, "connect", _local_only(socket.socket.connect))
        during = dict(os.environ)
        yield
        monkeypatch.undo()
        left = {name: value for name, value in os.environ.items() if name != "PYTEST_CURRENT_TEST"}
        during.pop("PYTEST_CURRENT_TEST", None)
        assert left == during, f"{request.node.name} changed the environment"
        assert Path.cwd() == before[1], f"{request.node.name} changed the working directory"


def _local_only(connect: Callable[..., Any]) -> Callable[..., Any]:
    def guarded(self: socket.socket, address: Any) -> Any:
        remote = isinstance(address, tuple) and not str(address[0]).startswith(LOOPBACK)
        assert not remote, f"a test must not reach {address}"
        return connect(self, address)

    return guarded


@pytest.fixture
def tree(tmp_path: Path) -> Callable[[Mapping[str, str | bytes]], Path]:
    """Makes files from a mapping of paths to contents, in a folder of the test's own, and returns that folder."""

    def make(files: Mapping[str, str | bytes]) -> Path:
        for name, content in files.items():
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content.encode() if isinstance(content, str) else content)
        return tmp_path

    return make


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfdbinary: pytest.CaptureFixture[bytes]) -> Run:
    """Runs command lines of composegen; the current folder is the test's own."""
    monkeypatch.chdir(tmp_path)
    return runner(capfdbinary)
