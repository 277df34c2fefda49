"""The command line: one group, one error handler. A command reads, calls the pipeline, prints, and picks an exit code.

Commands are imported when they are called, and the pipeline inside them, so that `composegen --help` is quick.
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Mapping

import click

from composegen import __version__
from composegen.cli import options, streams
from composegen.errors import ComposegenError, ExitCode

COMMANDS: Mapping[str, str] = {
    "init": "Write a commented topology to start from.",
    "validate": "Check a topology and print every finding.",
    "render": "Write the files of every host.",
    "check": "Are the files exactly what render would write?",
    "diff": "What rolling out would do, per host and service, and why.",
    "status": "What happened to each file, and what render would do to it.",
    "graph": "Draw the set-up, or what a change makes of it.",
    "explain": "Print the page of a code or of its name.",
    "templates": "Print, copy and compare the templates that files are made from.",
    "schema": "Print the JSON Schema of the topology, for editors.",
    "doctor": "What is installed here, in which versions, and what follows.",
    "completion": "Print the script that makes bash, zsh or fish complete composegen.",
}
"""Every command and what it does, in the order of `--help`; each is a module of this package with a `command`."""


class Commands(click.Group):
    """The commands as modules, loaded by name."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        """Names of the commands, in the order in which they are used."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 - click's signature
        """The command of that name."""
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = importlib.import_module(f"composegen.cli.{cmd_name}").command
        command.short_help = COMMANDS[cmd_name]
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002 - click's
        """The list of commands, without importing one."""
        with formatter.section("Commands"):
            formatter.write_dl(tuple(COMMANDS.items()))


@click.group(
    cls=Commands,
    context_settings={
        "help_option_names": ["-h", "--help"],
        "auto_envvar_prefix": "COMPOSEGEN",
        "max_content_width": 100,
    },
    epilog="Every option can be given as a variable too, --strict of validate as COMPOSEGEN_VALIDATE_STRICT=1. "
    "Exit codes: 0 done, 1 findings, 2 could not do it, 70 a bug in composegen, 130 interrupted.",
)
@click.version_option(__version__, prog_name="composegen", message="%(prog)s %(version)s")
@options.colour
def group() -> None:
    """Turn one topology file into every file that an LLM-serving set-up needs on every host.

    First steps: composegen init, then composegen render.
    """


def run(  # noqa: PLR0911 - one for each way to end
    arguments: list[str] | None = None,
) -> int:
    """Run a command line and return its exit code. Every error of the program ends here and nowhere else."""
    try:
        outcome = group.main(args=arguments, prog_name="composegen", standalone_mode=False)
    except click.exceptions.Exit as ending:
        return ending.exit_code
    except SystemExit:  # click's answer when the reader of `--help` goes away, which is no failure
        return ExitCode.DONE
    except click.Abort:
        streams.say("interrupted")
        return ExitCode.INTERRUPTED
    except click.ClickException as error:
        error.show()
        return ExitCode.FAILED
    except (ComposegenError, OSError) as error:
        streams.say(f"composegen: {error}")
        return error.exit_code if isinstance(error, ComposegenError) else ExitCode.FAILED
    except Exception:  # noqa: BLE001 - the last resort: whatever it is, it is our mistake
        from composegen.cli import bug

        streams.complain(bug.report(sys.argv[1:] if arguments is None else arguments))
        return ExitCode.BUG
    return outcome if isinstance(outcome, int) else ExitCode.DONE
