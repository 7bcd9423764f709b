"""Notebooks, in a real kernel."""

from __future__ import annotations

import pytest

from runsettings.journal.replay import load_run

nbclient = pytest.importorskip("nbclient")
nbformat = pytest.importorskip("nbformat")
pytest.importorskip("ipykernel")

pytestmark = pytest.mark.filterwarnings("ignore")  # those of Jupyter's own packages

START = (
    "from runsettings.runs.starting.start import init\n"
    "run = init(mode='offline', config={'lr': 0.1}, save_code=True)\n"
    "run.config['lr'] = 0.2\n"
    "run.log({'a': 1})"
)


def execute(jail, *cells):
    """Run cells in a kernel and end it; their printed lines."""
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(one) for one in cells])
    nbformat.write(notebook, jail.cwd / "train.ipynb")
    jail.setenv(WANDB_NOTEBOOK_NAME="train.ipynb")
    client = nbclient.NotebookClient(
        notebook, kernel_name="python3", resources={"metadata": {"path": str(jail.cwd)}}
    )
    client.execute()
    return [
        output["text"]
        for cell in notebook.cells
        for output in cell.outputs
        if output.get("name") == "stdout"
    ]


def test_a_cell_that_is_run_again_starts_again(jail, journals):
    """Each time a run of its own; config values may change; the kernel's end ends the last."""
    printed = execute(jail, START, "first = run", START, "print(first is run, run.config.lr)")
    assert printed == ["False 0.2\n"]
    runs = [load_run(path) for path in journals()]
    assert [run.state for run in runs] == ["finished", "finished"]
    assert [run.config for run in runs] == [{"lr": 0.2}] * 2


def test_save_code_keeps_the_notebook_and_the_cells_that_ran(jail):
    """The notebook's file, and what was really executed, in order."""
    execute(jail, START, "print('more')", "run.finish()")
    (home,) = jail.cwd.glob("wandb/*run-*/files/code")
    for name in ("train.ipynb", "_session_history.ipynb"):
        kept = nbformat.read(home / name, as_version=4)
        nbformat.validate(kept)
        assert [cell.source for cell in kept.cells] == [START, "print('more')", "run.finish()"]


def test_an_error_in_a_cell_does_not_end_the_run(jail, journals):
    """The kernel lives on, and so does the run."""
    failing = "try:\n    get_ipython().run_cell('1 / 0')\nfinally:\n    run.log({'a': 2})"
    execute(jail, START, failing, "run.finish()")
    (path,) = journals()
    assert (load_run(path).state, load_run(path).summary) == ("finished", {"a": 2})


def test_the_origin_of_a_value_is_its_cell(jail):
    """By the number that the front end shows, for settings, config and errors."""
    printed = execute(
        jail,
        "from runsettings import Config, Settings, SettingsError",
        "settings = Settings.resolve(\n    project='p', environ={}\n)\n"
        "print(settings.origin('project'))",
        "print(Config.load([{'lr': 1}]).origin('lr'))",
        "try: Settings.resolve(projct='x', environ={})\n"
        "except SettingsError as error: print(str(error).splitlines()[-1].strip())",
    )
    assert printed == [
        "cell In[2]:1 Settings.resolve(project=)\n",
        "cell In[3]:1 Config.load()\n",
        "cell In[4]:1 Settings.resolve(projct=)\n",
    ]
