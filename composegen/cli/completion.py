"""`composegen completion`: the script that makes a shell complete composegen. click writes it, nothing is our own."""

from __future__ import annotations

import os
from pathlib import PurePath

import click
from click.shell_completion import get_completion_class

from composegen.cli import options, streams
from composegen.errors import ComposegenError

SHELLS = ("bash", "zsh", "fish")
VARIABLE = "_COMPOSEGEN_COMPLETE"
"""The variable by which the script asks composegen; click derives it from the program's name."""


@click.command("completion")
@click.argument("shell", required=False, metavar="[bash|zsh|fish]", type=click.Choice(SHELLS))
@options.colour
def command(shell: str | None) -> None:
    """Print the script that makes a shell complete commands, options, files, hosts, samples and codes.

    \b
    bash:  echo 'eval "$(composegen completion bash)"' >> ~/.bashrc
    zsh:   echo 'eval "$(composegen completion zsh)"' >> ~/.zshrc
    fish:  composegen completion fish > ~/.config/fish/completions/composegen.fish

    Then open a new shell. Without an argument, the script is for the shell that SHELL names. bash must be 4.4 or newer.
    """  # noqa: D301 - \b is click's mark for lines that stay as they are
    from composegen.cli import group

    name = shell or _login_shell()
    complete = get_completion_class(name)
    if complete is None:
        raise AssertionError(name)
    streams.result(complete(group, {}, "composegen", VARIABLE).source())


def _login_shell() -> str:
    """The shell that SHELL names. Raises ComposegenError when click cannot write a script for it."""
    name = PurePath(os.environ.get("SHELL", "")).name
    if name not in SHELLS:
        there = f"SHELL names {name!r}" if name else "SHELL is not set"
        raise ComposegenError(f"{there}; say for which shell: composegen completion bash, zsh or fish")
    return name
