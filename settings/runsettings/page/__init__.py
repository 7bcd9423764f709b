"""`runsettings ui`: the web page of runs, with a server in Python and a front end in ES modules.

The server reads runs with `recorded.sources` and responds with JSON. `static/` has the files that
the browser loads. The page selects runs with `journal.query`, as `runs ls` does. Only this package
imports Starlette and uvicorn, which the extra ``ui`` installs.
"""
