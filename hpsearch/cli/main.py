"""The `hpsearch` command: gathers the groups of commands and turns errors into one line and an exit code."""

from __future__ import annotations

import sys
from importlib.metadata import version

import click

from hpsearch.cli import (
    check,
    doctor,
    examples,
    launch,
    look,
    predict,
    reference,
    rerun,
    stack,
    stop,
    sweep,
    ui,
)
from hpsearch.console.interrupts import INTERRUPTED, termination_as_exit
from hpsearch.errors import HpsearchError, nearest


class _Group(click.Group):
    """Guesses what was meant by an unknown command."""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args and self.get_command(ctx, args[0]) is None and not args[0].startswith("-"):
            names = self.list_commands(ctx)
            choices = ", ".join(names)
            ctx.fail(f"unknown command {args[0]!r}{nearest(args[0], names)}; choose from: {choices}")
        return super().resolve_command(ctx, args)


@click.group(cls=_Group, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(version("hpsearch"), message="%(prog)s %(version)s")
def command() -> None:
    """Search hyperparameters: Optuna samples, Ray trains, MLflow records."""


_GROUPS = (sweep, launch, stop, look, predict, rerun, ui, check, doctor, stack, examples, reference)
for _group in _GROUPS:
    for _command in _group.COMMANDS:
        command.add_command(_command)


def main(arguments: list[str] | None = None) -> None:
    """Run the command line and exit with its code."""
    try:
        with termination_as_exit():
            code = command.main(arguments, prog_name="hpsearch", standalone_mode=False)
    except click.ClickException as error:
        error.show()
        code = error.exit_code
    except HpsearchError as error:
        print(f"hpsearch: {error}", file=sys.stderr)
        code = error.exit_code
    except (KeyboardInterrupt, click.Abort):
        print("hpsearch: interrupted", file=sys.stderr)
        code = INTERRUPTED
    except BrokenPipeError:
        code = 0  # whoever read our output has read enough
    sys.exit(code if isinstance(code, int) else 0)
