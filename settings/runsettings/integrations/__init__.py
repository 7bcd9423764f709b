"""Records the metrics and configs of other packages that a training script uses.

A module belongs here if it integrates one other package. It imports the package only after the
script has, does not change how the package behaves, and restores what it replaced when the run
ends. A module for an argument of `init` has a function `attach`, and a line in the table of
`runs.starting.attaching`.
"""
