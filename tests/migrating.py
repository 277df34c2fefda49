"""Stores as Ollama lays them out, made by hand, and `migrate-models.sh` run on them."""

from __future__ import annotations

import hashlib
import json
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from composegen.plan import Plan
from composegen.resolve import resolve
from composegen.targets._migrate import migrate_artifacts
from composegen.topology import Host, Placement, Service, Topology, VolumeStore
from tests import hostfiles_plans


def plan(**parts: object) -> Plan:
    """One host, one volume, two old ones; `parts` are other fields of the service."""
    service = Service(
        name="ollama",
        store="models",
        hosts={"box": Placement(instances=2)},
        migrate_from=("ollama_data_1", "ollama_data_2"),
        **parts,  # type: ignore[arg-type]
    )
    return resolve(
        Topology(
            name="demo",
            hosts={"box": Host(name="box", address="10.0.0.1")},
            stores={"models": VolumeStore(name="models", kind="volume")},
            services={"ollama": service},
        ),
        {},
    )


def script(planned: Plan, folder: Path, host: str = "box") -> Path:
    """The script of a host, written into a folder."""
    path = folder / "migrate-models.sh"
    path.write_bytes(hostfiles_plans.render(migrate_artifacts(planned))[f"{host}/migrate-models.sh"].data)
    return path


@dataclass(frozen=True)
class Store:
    """A store: `blobs/sha256-HEX` and `manifests/HOST/NAMESPACE/MODEL/TAG`."""

    folder: Path

    def add(self, name: str, *contents: bytes, origin: str = "") -> Path:
        """A model of these blobs; returns its manifest. `origin` is the folder that `ollama create` would note."""
        layers = [self._layer(content, origin) for content in contents]
        manifest = {"schemaVersion": 2, "mediaType": "application/x", "config": layers[0], "layers": layers[1:]}
        path = self.manifest(name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(manifest, separators=(",", ":")))
        return path

    def _layer(self, content: bytes, origin: str) -> dict[str, object]:
        self.blob(content).parent.mkdir(parents=True, exist_ok=True)
        self.blob(content).write_bytes(content)
        layer: dict[str, object] = {"mediaType": "y", "digest": f"sha256:{digest(content)}", "size": len(content)}
        return {**layer, "from": f"{origin}/blobs/sha256-{digest(content)}"} if origin else layer

    def blob(self, content: bytes) -> Path:
        return self.folder / "blobs" / f"sha256-{digest(content)}"

    def manifest(self, name: str) -> Path:
        """`mistral:7b` as Ollama files it; names with a slash are whole."""
        whole = name if "/" in name else f"registry.ollama.ai/library/{name}"
        model, _, tag = whole.rpartition(":")
        return self.folder / "manifests" / model / tag

    def models(self) -> dict[str, list[str]]:
        """Each model with the digests that it names; AssertionError unless every one of them is there, and intact."""
        found = {}
        for path in sorted((self.folder / "manifests").glob("*/*/*/*")):
            manifest = json.loads(path.read_text())
            digests = [layer["digest"].removeprefix("sha256:") for layer in (manifest["config"], *manifest["layers"])]
            for one in digests:
                assert digest((self.folder / "blobs" / f"sha256-{one}").read_bytes()) == one
            found[f"{path.parent.name}:{path.name}"] = digests
        return found


def digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def state(folder: Path) -> dict[str, tuple[int, int, bytes]]:
    """Everything about the files of a folder that a copy must leave alone."""
    return {
        str(path.relative_to(folder)): (
            path.lstat().st_mode,
            path.lstat().st_mtime_ns,
            path.read_bytes() if path.is_file() and not path.is_symlink() else b"",
        )
        for path in sorted(folder.rglob("*"))
    }


@dataclass(frozen=True, kw_only=True)
class Stage:
    """A new store, two old ones, the script, and a folder for programs that stand in for real ones."""

    folder: Path
    path: Path
    new: Store
    one: Store
    two: Store

    def program(self, name: str, body: str) -> None:
        """Put a program in front of the real one of this name."""
        path = self.folder / "bin" / name
        path.write_text(f"#!/bin/sh\n{body}\n")
        path.chmod(0o755)

    def command(self, *arguments: str | Path) -> list[str]:
        return ["/bin/sh", str(self.path), *map(str, arguments)]

    def environment(self, variables: Mapping[str, str] | None = None) -> dict[str, str]:
        programs = f"{self.folder / 'bin'}:/usr/bin:/bin"
        return {"PATH": programs, "STAGE": str(self.folder), "TMPDIR": str(self.folder / "tmp"), **(variables or {})}

    def run(
        self, *arguments: str | Path, variables: Mapping[str, str] | None = None, own_group: bool = False
    ) -> subprocess.CompletedProcess[str]:
        """Run the script with these arguments."""
        return subprocess.run(
            self.command(*arguments),
            env=self.environment(variables),
            cwd=self.folder,
            capture_output=True,
            text=True,
            errors="surrogateescape",
            timeout=120,
            check=False,
            start_new_session=own_group,
        )

    def copy(self, *options: str, variables: Mapping[str, str] | None = None) -> subprocess.CompletedProcess[str]:
        """Copy both old stores into the new one; both must be as they were afterwards."""
        before = state(self.one.folder), state(self.two.folder)
        done = self.run("--here", *options, self.new.folder, self.one.folder, self.two.folder, variables=variables)
        assert (state(self.one.folder), state(self.two.folder)) == before
        return done


def stage(folder: Path) -> Stage:
    """An empty stage."""
    for name in ("bin", "tmp", "new", "one", "two"):
        (folder / name).mkdir()
    for name in ("one", "two"):
        for part in ("blobs", "manifests"):
            (folder / name / part).mkdir()
    stores = {name: Store(folder / name) for name in ("new", "one", "two")}
    return Stage(folder=folder, path=script(plan(), folder), **stores)


def inode(path: Path) -> int:
    return path.stat().st_ino
