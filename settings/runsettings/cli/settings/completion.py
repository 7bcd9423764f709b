"""``runsettings completion``: prints the script for completion in a shell."""

from __future__ import annotations

import click
from click.shell_completion import get_completion_class


@click.command("completion")
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@click.pass_context
def completion_command(ctx: click.Context, shell: str) -> None:
    """Print the completion script for SHELL, to be evaluated in the shell's start file.

    For bash: eval "$(runsettings completion bash)"
    """
    kind = get_completion_class(shell)
    assert kind is not None
    root = ctx.find_root()
    # click asks the installed bash for its version, and warns if it is too old.
    script = kind(root.command, {}, "runsettings", "_RUNSETTINGS_COMPLETE").source()
    click.echo(script)
