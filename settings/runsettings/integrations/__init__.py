"""Other packages that a training script uses: what they record goes into the run.

A module belongs here if it is about one other package. It imports that package only once the script
has, changes nothing that the script sees of it, and puts back what it replaced when the run ends.
Modules of `init()`'s arguments have a function `attach`, and stand in the table of
`runs.starting.attaching`.
"""
