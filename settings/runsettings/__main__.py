"""``python -m runsettings`` is ``runsettings``."""

from runsettings.cli.main import main

main()
