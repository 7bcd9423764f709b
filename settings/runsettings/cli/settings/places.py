"""``runsettings places``: where settings are looked for, and what was found there."""

from __future__ import annotations

import click

from runsettings.cli.printing import print_json, print_table
from runsettings.cli.program import Program, program_options


@click.command("places")
@click.option("--json", "as_json", is_flag=True, help="As a JSON array.")
@program_options
def places_command(as_json: bool, program: Program) -> None:
    """Show every place where settings are looked for, and what was found there, lowest first.

    Files that are near and not read are listed with the reason: a wrong name, a wrong directory,
    the workspace of another directory.
    """
    from runsettings.checks.places import find_places  # pydantic: help needs no models
    from runsettings.checks.settings_layers import inputs_for  # pydantic, as above

    model = program.settings_class
    with program.reporting():
        places = find_places(model, inputs_for(model, **program.inputs))
    if as_json:
        print_json([place._asdict() for place in places])
    else:
        rows = [(place.layer, place.path, place.found) for place in places]
        print_table(("layer", "place", "found"), rows)
