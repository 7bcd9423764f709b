"""`runsettings ui`: the page of runs, its server in Python and its front end as ES modules.

The server asks `recorded.sources` and answers with JSON; `static/` has what the browser loads. The
rules of `journal.query` decide which runs a view has, so that the page and `runs ls` agree. Only
this room imports Starlette and uvicorn, which the extra ``ui`` brings.
"""
