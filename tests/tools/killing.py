"""Ends renders in the middle, and looks at what they leave: every file whole, none lost, the next render repairs.

    python -m tests.tools.killing --folder DIR --times 500     kill -9 at random moments of a large render
    python -m tests.tools.killing --folder DIR --steps KILL    kill -9 before each call that changes the file system
    python -m tests.tools.killing --folder DIR --steps INT     the same with Ctrl-C

It forks, so it is a program of its own: a test runner has threads. It prints a tally as JSON, or what was wrong.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import signal
import sys
import time
from collections import Counter
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path, PurePosixPath

from composegen import cli, pipeline
from composegen.artifacts import Entry
from composegen.manifest import LOCK, STAGING, with_lock
from composegen.pipeline import Compiled, Source, World
from tests.sampling import world

CHANGING = {"os.mkdir", "os.rmdir", "os.rename", "os.link", "os.remove", "os.chmod"}
"""Audit events of calls that change the file system; opening a file for writing is another."""

Tree = Mapping[PurePosixPath, Entry]


def topology(name: str, hosts: range) -> str:
    """A topology of one instance per host; with another name every file is another."""
    lines = [f"name: {name}", "hosts:"]
    lines += [f"  h{number}: {{address: 10.0.{number // 250}.{number % 250 + 1}}}" for number in hosts]
    lines += ["services:", "  ollama:", "    image: ollama/ollama:0.13.5", "    models: [mistral:7b]", "    hosts:"]
    return "\n".join([*lines, *(f"      h{number}: 1" for number in hosts)]) + "\n"


class Site:
    """An output folder with somebody's own files in it, and three topologies that are rendered to it in turn."""

    def __init__(self, folder: Path, hosts: int) -> None:
        """`hosts`: how many; the second topology has a fifth of others, the third the same with other content."""
        self.root = folder / "deploy"
        texts = {
            "old": topology("old", range(hosts)),
            "new": topology("new", range(hosts // 5, hosts + hosts // 5)),
            "other": topology("other", range(hosts)),
        }
        self.trees: dict[str, Tree] = {}
        for name, text in texts.items():
            (folder / f"{name}.yaml").write_text(text, encoding="utf-8")
            tree = pipeline.compile(Source(name=name, data=text.encode()), world(folder)).tree
            assert tree is not None
            self.trees[name] = with_lock(tree)
        self.folder = folder
        self.foreign = {
            PurePosixPath("notes.txt"): b"mine\n",
            PurePosixPath("h0/.env"): b"MINE=1\n",
            PurePosixPath(f"h{hosts - 1}/compose.override.yaml"): b"services: {}\n",
        }
        for path, data in self.foreign.items():
            (self.root / path).parent.mkdir(parents=True, exist_ok=True)
            (self.root / path).write_bytes(data)

    def render(self, name: str) -> int:
        """Render one of the topologies, in this process."""
        return cli.run(["render", str(self.folder / f"{name}.yaml"), "-o", str(self.root)])

    def files(self) -> dict[PurePosixPath, Path]:
        """Every file that is there, without those that are staged."""
        found = {PurePosixPath(path.relative_to(self.root)): path for path in self.root.rglob("*") if path.is_file()}
        return {path: place for path, place in found.items() if path.parts[0] != STAGING}

    def refuse_torn(self) -> bool:
        """After a render of `new` over `old` ended: every file is whole, none is lost. Returns if any is new."""
        old, new = self.trees["old"], self.trees["new"]
        there = {path: place.read_bytes() for path, place in self.files().items()}
        for path, data in there.items():
            whole = {tree[path].data for tree in (old, new) if path in tree} | {self.foreign.get(path)}
            assert data in whole, f"{path} is neither old nor new: {data[:80]!r}, {len(data)} bytes"
        lost = ((old.keys() & new.keys()) | self.foreign.keys()) - there.keys()
        assert not lost, f"lost: {sorted(lost)}"
        if there.keys() & old.keys() != old.keys():
            assert all(there[path] == new[path].data for path in new if path != LOCK), "removed before all was written"
        before = {path: entry.data for path, entry in old.items()}
        return any(path in new and data == new[path].data != before.get(path) for path, data in there.items())

    def refuse_unclean(self, name: str) -> None:
        """After a render that was let live: exactly the files of that topology, and somebody's own."""
        tree = self.trees[name]
        files = self.files()
        assert files.keys() == tree.keys() | self.foreign.keys(), files.keys() ^ (tree.keys() | self.foreign.keys())
        for path, place in files.items():
            expected = tree[path].data if path in tree else self.foreign[path]
            assert place.read_bytes() == expected, path
            assert path not in tree or place.stat().st_mode & 0o777 == tree[path].mode, path
        folders = {PurePosixPath(place.relative_to(self.root)) for place in self.root.rglob("*") if place.is_dir()}
        assert folders == {folder for path in files for folder in path.parents if folder.parts}, folders

    def is_left(self) -> bool:
        """Whether the staging folder is there."""
        return (self.root / STAGING).exists()


def changes_files(event: str, arguments: tuple[object, ...]) -> bool:
    """Whether an audit event announces a change of the file system."""
    if event == "open":
        flags = arguments[2]
        return isinstance(flags, int) and bool(flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT))
    return event in CHANGING


def forked(site: Site, prepare: Callable[[], None] = lambda: None) -> int:
    """Begin to render `new` in a process of its own; its id."""
    child = os.fork()
    if child:
        return child
    signal.signal(signal.SIGINT, signal.default_int_handler)
    prepare()
    code = 99
    try:
        code = site.render("new")
    finally:
        os._exit(code)


def at_step(wanted: int, number: signal.Signals) -> Callable[[], None]:
    """Sends this process a signal just before its n-th call that changes the file system."""
    seen = 0

    def hook(event: str, arguments: tuple[object, ...]) -> None:
        nonlocal seen
        if changes_files(event, arguments):
            seen += 1
            if seen == wanted:
                os.kill(os.getpid(), number)

    return lambda: sys.addaudithook(hook)


def judge(site: Site, repair: str) -> Counter[str]:
    """What an ended render left, and whether the next one repairs it."""
    mixed = site.refuse_torn()
    seen = Counter(ended=1, broken_off=int(site.is_left()), with_new_files=int(mixed))
    for name in (repair, "old"):
        assert site.render(name) == 0, f"the next render of {name} failed"
        site.refuse_unclean(name)
    return seen


def every_step(site: Site, number: signal.Signals) -> Counter[str]:
    """End a render before each of its changes of the file system, one after the other."""
    total: Counter[str] = Counter()
    for step in range(1, 10_000):
        status = os.waitpid(forked(site, at_step(step, number)), 0)[1]
        if os.WIFEXITED(status) and os.WEXITSTATUS(status) == 0:
            return total
        if number == signal.SIGINT:
            assert os.WEXITSTATUS(status) == 130, f"step {step}: exit code {os.WEXITSTATUS(status)}"
        try:
            total += judge(site, ("new", "old", "other")[step % 3])
        except AssertionError as error:
            raise AssertionError(f"step {step}: {error}") from error
    raise AssertionError("the render never ends")


def at_random(site: Site, times: int, seed: int) -> Counter[str]:
    """Kill renders at random moments of the time that one needs to write."""
    chance = random.Random(seed)  # noqa: S311 - moments, no secrets
    span = seconds_of_writing(site)
    total: Counter[str] = Counter()
    while total["ended"] < times:
        child = forked(site)
        until_writing(site, child)
        time.sleep(chance.uniform(0, span))
        os.kill(child, signal.SIGKILL)
        status = os.waitpid(child, 0)[1]
        killed = os.WIFSIGNALED(status)
        assert killed or os.waitstatus_to_exitcode(status) == 0, "a render that was let live failed"
        assert total["too_late"] < 100 * times, "nobody is quick enough to kill a render"
        span *= 1.01 if killed else 0.9  # the machine is not always as busy as at first
        seen = judge(site, chance.choice(("new", "old", "other")))
        total += seen if killed else Counter(too_late=1)
    return total


def seconds_of_writing(site: Site) -> float:
    """How long a render writes."""
    for _ in range(100):
        child = forked(site)
        is_seen, begun = until_writing(site, child), time.monotonic()
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
        span = time.monotonic() - begun
        site.refuse_unclean("new")
        site.render("old")
        if is_seen:
            return span
    raise AssertionError("nobody sees a render write")


def until_writing(site: Site, child: int) -> bool:
    """Wait until a render begins to write; False when it has ended unseen: a busy machine may not look often enough."""
    while not site.is_left():
        if os.waitid(os.P_PID, child, os.WEXITED | os.WNOWAIT | os.WNOHANG) is not None:
            return False
    return True


def quick() -> None:
    """Compile each topology once only: it is the writing that is to be interrupted."""
    compile_anew = pipeline.compile

    @cache
    def once(name: str, data: bytes) -> Compiled:
        return compile_anew(Source(name=name, data=data), world(Path(name).parent))

    def compiled(source: Source, _: World, progress: object = None) -> Compiled:  # noqa: ARG001 - the signature
        return once(source.name, source.data)

    pipeline.compile = compiled  # type: ignore[assignment]  # a narrower signature does


def main() -> None:
    """See the module."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--hosts", type=int, default=100)
    parser.add_argument("--times", type=int, default=12)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(2**32))
    parser.add_argument("--steps", choices=["KILL", "INT"])
    asked = parser.parse_args()
    quick()
    site = Site(asked.folder, asked.hosts)
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)  # what the renders say
    try:
        assert site.render("old") == 0
        site.refuse_unclean("old")
        if asked.steps:
            total = every_step(site, signal.Signals[f"SIG{asked.steps}"])
        else:
            total = at_random(site, asked.times, asked.seed)
    except AssertionError as error:
        sys.stdout.write(f"seed {asked.seed}: {error}\n")
        sys.exit(1)
    sys.stdout.write(json.dumps({"seed": asked.seed, "files": len(site.trees["new"]), **total}) + "\n")


if __name__ == "__main__":
    main()
