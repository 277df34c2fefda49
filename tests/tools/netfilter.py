"""A stand-in for iptables, ip6tables, their -restore, and nft: keeps rules in a file, and refuses what they refuse.

Called as `netfilter.py PROGRAM STATE ARGUMENT...`. It knows what the set-up scripts use, and nothing else.
"""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path

CHAINS = ("INPUT", "FORWARD")


def main() -> int:
    """Run as one of the programs; its exit code."""
    program, place, *arguments = sys.argv[1:]
    state = Path(place)
    tables = json.loads(state.read_text()) if state.exists() else {}
    family = program.removesuffix("-restore")
    chains = tables.setdefault(family, {} if family == "nft" else {name: [] for name in CHAINS})
    if program == "nft":
        done = nft(chains, arguments)
    elif program.endswith("-restore"):
        done = restore(chains, sys.stdin.read().splitlines())
    else:
        done = iptables(chains, [word for word in arguments if word not in ("-w", "-n")])
    state.write_text(json.dumps(tables))
    return 0 if done else 1


def iptables(chains: dict[str, list[str]], arguments: list[str]) -> bool:
    """One command on a chain; False when it fails."""
    command, chain, *rule = arguments
    if command == "-N":
        return chain not in chains and chains.setdefault(chain, []) is not None
    if chain not in chains:
        return False
    if command == "-I":
        chains[chain].insert(int(rule[0]) - 1, " ".join(rule[1:]))
    elif command in ("-C", "-D"):
        if " ".join(rule) not in chains[chain]:
            return False
        if command == "-D":
            chains[chain].remove(" ".join(rule))
    elif command == "-F":
        chains[chain].clear()
    elif command == "-X":
        del chains[chain]
    elif command == "-S":
        sys.stdout.write("".join(f"{line}\n" for line in [f"-N {chain}", *(f"-A {chain} {r}" for r in chains[chain])]))
    return command in ("-I", "-C", "-D", "-F", "-X", "-S", "-L")


def restore(chains: dict[str, list[str]], lines: list[str]) -> bool:
    """What stands between *filter and COMMIT; chains that are named are emptied first."""
    for line in lines:
        if line.startswith(":"):
            chains[line[1:].split()[0]] = []
        elif line.startswith("-A "):
            _, chain, rule = line.split(" ", 2)
            chains[chain].append(rule)
    return lines[0] == "*filter" and lines[-1] == "COMMIT"


def nft(tables: dict[str, list[str]], arguments: list[str]) -> bool:
    """Whole tables only: `-f FILE`, `list table inet NAME`, `delete table inet NAME`."""
    match arguments:
        case ["-f", path]:
            text = Path(path).read_text()
            name = re.search(r"^table inet (\S+) {$", text, re.MULTILINE)
            assert name
            tables[name[1]] = text.split("{\n", 1)[1].splitlines()
        case [command, "table", "inet", name]:
            if name not in tables:
                return False
            if command == "delete":
                del tables[name]
            else:
                sys.stdout.write("\n".join(tables[name]) + "\n")
        case _:
            return False
    return True


if __name__ == "__main__":
    sys.exit(main())
