"""``sync_tensorboard``: what the script writes for TensorBoard is in its run."""

from __future__ import annotations

import importlib
import json
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner

from runsettings.cli.main import cli
from runsettings.journal.reader import read_history, read_records
from runsettings.journal.replay import load_run
from runsettings.shipping.stores.opening import open_store
from runsettings.values.errors import RunError


@pytest.fixture(autouse=True)
def packages():
    """The packages that the tests integrate with."""
    pytest.importorskip("tensorboardX", reason="it writes the event files")
    pytest.importorskip("google_crc32c", reason="it checks the checksums")


def rows(journal, tag="loss"):
    """Step and value of each row with a tag."""
    return [(row["_step"], row[tag]) for row in read_history(journal) if tag in row]


def counts(jail):
    """How many values the store has of each metric of its one run."""
    with open_store(f"sqlite:///{jail.cwd}/runs.db", writable=False) as store:
        (run,) = store.list_runs()
        return {key: metric.count for key, metric in store.read_metrics(run).items()}


def test_scalars_are_in_the_journal_at_their_own_steps(begin, jail):
    """Of a writer that is opened after `init`, and one that was opened before; both still open."""
    from tensorboardX import SummaryWriter

    before = SummaryWriter("logs/before")
    before.add_scalar("early", 1, 7)
    run = begin(sync_tensorboard=True)
    after = SummaryWriter("logs/after")
    for step in range(0, 30, 10):
        after.add_scalar("loss", step / 2, step)
        before.add_scalar("late", step, step + 1)
    run.finish()
    assert rows(run.journal_path, "early") == [(7, 1)]
    assert rows(run.journal_path, "late") == [(1, 0), (11, 10), (21, 20)]
    assert rows(run.journal_path, "after/loss") == [(0, 0), (10, 5), (20, 10)]
    assert run.summary["after/loss"] == 10
    saved = [name for name in load_run(run.journal_path).files if "tfevents" in name]
    assert sorted(name.rpartition("/")[0] for name in saved) == ["logs/after", "logs/before"]
    for writer in (before, after):
        writer.close()


@pytest.fixture(
    params=["tensorboardX", "torch.utils.tensorboard", "tensorboard", "tensorflow"],
)
def add_scalar(request):
    """Opens a writer of a package; returns a function that writes a scalar, and one that closes."""
    if request.param == "tensorboard":
        pytest.importorskip("tensorboard", reason="the writer of its own")
        from tensorboard.summary import Writer
    elif request.param == "tensorflow":
        Writer = _writer_of_tensorflow()
    else:
        for package in ("tensorboard", "torch") if "torch." in request.param else ():
            pytest.importorskip(package, reason="PyTorch's writer needs it")
        Writer = importlib.import_module(request.param).SummaryWriter

    def opened(directory):
        writer = Writer(directory)
        return writer.add_scalar, writer.close

    return opened


def _writer_of_tensorflow():
    """The writer of ``tf.summary``, with the methods of the others."""
    tensorflow = pytest.importorskip("tensorflow", reason="the writer of `tf.summary`")

    class Writer:
        def __init__(self, directory):
            self.writer = tensorflow.summary.create_file_writer(directory)
            self.close = self.writer.close

        def add_scalar(self, tag, value, step):
            with self.writer.as_default():
                tensorflow.summary.scalar(tag, value, step)

    return Writer


def test_the_writers_of_all_packages_are_followed(begin, jail, add_scalar):
    """Opened before and after `init`, not flushed: each scalar is there once, at its own step."""
    add_before, close_before = add_scalar("logs")
    add_before("early", 0.5, 7)
    run = begin(sync_tensorboard=True)
    add_after, close_after = add_scalar("logs/after")
    for step in range(0, 30, 10):
        add_after("loss", step / 2, step)
        add_before("late", step, step + 1)
    run.finish()
    assert rows(run.journal_path, "early") == [(7, 0.5)]
    assert rows(run.journal_path, "late") == [(1, 0), (11, 10), (21, 20)]
    assert rows(run.journal_path, "after/loss") == [(0, 0), (10, 5), (20, 10)]
    close_before()
    close_after()


def test_open_writers_are_found_among_objects_that_warn(begin, capsys):
    """As `torch.distributed.reduce_op`, which warns when it is asked for its class."""
    from tensorboardX import SummaryWriter

    class Deprecated:
        def __getattribute__(self, name):
            raise FutureWarning(name)

    kept = Deprecated()
    writer = SummaryWriter("logs")
    writer.add_scalar("loss", 0.5, 7)
    run = begin(sync_tensorboard=True)
    run.finish()
    assert rows(run.journal_path) == [(7, 0.5)]
    assert "warning" not in capsys.readouterr().err
    writer.close()
    del kept


def test_the_end_of_a_run_tells_the_steps_of_event_files(begin, capsys):
    """`log` was not called; "after 0 steps" would mean that nothing was recorded."""
    from tensorboardX import SummaryWriter

    run = begin(sync_tensorboard=True, name="n", id="i", settings={"disable_git": True})
    with SummaryWriter("logs") as writer:
        for step in range(3):
            writer.add_scalar("loss", 1, step)
    run.finish()
    assert "run n (i) finished after 3 steps: " in capsys.readouterr().err


@pytest.mark.parametrize("logged", [0, 2])
def test_the_steps_at_the_end_are_those_of_the_listing(begin, capsys, logged):
    """Steps with data, whether `log` or an event file has them; not the highest step."""
    from tensorboardX import SummaryWriter

    run = begin(sync_tensorboard=True, name="n", id="i", settings={"disable_git": True})
    for step in range(logged):
        run.log({"a": step}, step=50 * step)
    with SummaryWriter("logs") as writer:
        for step in range(0, 500, 100):
            writer.add_scalar("loss", 1, step)
    run.finish()
    assert f"run n (i) finished after {5 + logged} steps: " in capsys.readouterr().err
    assert load_run(run.journal_path).rows == 5 + logged


def test_hyperparameters_are_in_the_config(begin, jail):
    """With the event file as their origin; what the script has set stays."""
    from tensorboardX import SummaryWriter

    run = begin(sync_tensorboard=True, config={"lr": 0.1})
    with SummaryWriter("logs") as writer:
        writer.add_hparams({"lr": 0.5, "optimizer.name": "adam", "nesterov": True}, {"acc": 1})
    run.finish()
    stored = load_run(run.journal_path)
    assert stored.config == {"lr": 0.1, "optimizer": {"name": "adam"}, "nesterov": True}
    assert stored.config_origins["optimizer.name"]["layer"] == "file"
    assert "tfevents" in stored.config_origins["optimizer.name"]["where"]
    assert "adam" in (run.path / "files" / "config.yaml").read_text()


def test_event_files_of_earlier_programs_are_not_read(begin, jail):
    """A script that always writes into one directory has its own scalars only."""
    from tensorboardX import SummaryWriter

    with SummaryWriter("logs", filename_suffix=".old") as writer:
        writer.add_scalar("loss", 1, 1)
    run = begin(tensorboard=True)
    with SummaryWriter("logs") as writer:
        writer.add_scalar("loss", 2, 2)
    run.finish()
    assert rows(run.journal_path) == [(2, 2)]


def test_what_a_child_writes_below_a_directory_is_followed(script, jail):
    """Whether it was forked or started anew."""
    jail.write(
        "child.py",
        "from tensorboardX import SummaryWriter\n"
        "with SummaryWriter('logs/new') as writer:\n"
        "    writer.add_scalar('loss', 2, 2)\n",
    )
    done = script(
        """
        import subprocess
        run = begin(sync_tensorboard=True)
        from tensorboardX import SummaryWriter
        SummaryWriter("logs")
        if not os.fork():
            with SummaryWriter("logs/forked") as writer:
                writer.add_scalar("loss", 1, 1)
            os._exit(0)
        os.wait()
        subprocess.run([sys.executable, "child.py"], check=True)
        print(run.journal_path)
        """
    )
    assert done.returncode == 0, done.stderr
    journal = done.stdout.strip()
    assert rows(journal, "forked/loss") == [(1, 1)]
    assert rows(journal, "new/loss") == [(2, 2)]


@pytest.mark.parametrize("mode", ["offline", "online"])
def test_what_a_killed_script_flushed_is_in_its_run_after_sync(script, jail, mode):
    """Once, however often `sync` is called."""
    pytest.importorskip("sqlalchemy", reason="the store")
    done = script(
        f"""
        from tensorboardX import SummaryWriter
        run = begin(mode={mode!r}, sync_tensorboard=True, settings={{"disable_git": True,
            "store": "sqlite:///{jail.cwd}/runs.db"}})
        writer = SummaryWriter("logs")
        for step in range(100):
            writer.add_scalar("loss", step, step)
        writer.close()  # it has no other way to write everything
        print(run.journal_path, flush=True)
        os.kill(os.getpid(), signal.SIGKILL)
        """
    )
    journal = done.stdout.strip()
    for _ in range(2):
        done = CliRunner().invoke(cli, ["sync", "--all", "--to", f"sqlite:///{jail.cwd}/runs.db"])
        assert done.exit_code == 0, done.output
    assert rows(journal) == [(step, step) for step in range(100)]
    assert counts(jail) == {"loss": 100, "global_step": 100}
    (events,) = Path("logs").iterdir()
    with open_store(f"sqlite:///{jail.cwd}/runs.db") as store:
        (run,) = store.list_runs()
        assert b"".join(store.read_file(run, f"logs/{events.name}")) == events.read_bytes()
    copies = [record for record in read_records(journal) if record.get("path", "").startswith("l")]
    assert len(copies) == 1 or mode == "online"  # two processes may copy at the same time


def test_the_process_that_ships_a_run_follows_it(spawn, jail):
    """`finish` waits until the store has the scalars, too, and the script gets their summary."""
    process = spawn(
        f"""
        from tensorboardX import SummaryWriter
        run = begin(mode="online", sync_tensorboard=True, settings={{"disable_git": True,
            "api_key": "sk-of-the-script",
            "store": "sqlite:///{jail.cwd}/runs.db", "finish_timeout": 100}})
        writer = SummaryWriter("logs")
        for step in range(100):
            writer.add_scalar("loss", step, step)
        writer.add_hparams({{"key": "sk-of-the-script"}}, {{}})
        run.finish()
        print(run.summary["loss"], "key" in run.config, flush=True)
        sys.stdin.read()
        """
    )
    assert process.stdout.readline() == "99.0 True\n"
    assert counts(jail) == {"loss": 100, "global_step": 100}
    (journal,) = jail.cwd.glob("wandb/run-*/*.jsonl")
    assert load_run(journal).config == {"key": "***"}
    config = yaml.safe_load((journal.parent / "files" / "config.yaml").read_text())
    assert config["key"]["value"] == "***"
    assert json.loads((journal.parent / "files" / "wandb-summary.json").read_text())["loss"] == 99


def test_the_writers_are_as_before_after_the_end(begin, jail):
    """And nothing is imported for a script that imports none of them."""
    from tensorboardX.event_file_writer import EventFileWriter

    original = EventFileWriter.__init__
    finders = list(sys.meta_path)
    begin(sync_tensorboard=True)
    assert EventFileWriter.__init__ is not original
    begin(reinit=True).finish()
    assert EventFileWriter.__init__ is original
    assert sys.meta_path == finders


def test_no_writer_is_imported_for_a_script_without_one(script):
    """Nor the reader of event files, where nothing has to be read."""
    done = script(
        """
        begin(sync_tensorboard=True)
        finish()
        print([name for name in sys.modules if name.startswith(("tensorboard", "google", "numpy"))])
        """
    )
    assert done.stdout.strip() == "[]", done.stderr


def test_without_the_argument_nothing_is_imported(script):
    """No integration, and nothing that reads event files."""
    done = script(
        """
        begin()
        finish()
        print([n for n in sys.modules if "integrations" in n or "event_files" in n])
        """
    )
    assert done.stdout.strip() == "[]", done.stderr


@pytest.mark.parametrize("strict", [False, True])
def test_a_missing_extra_is_one_warning_that_names_it(begin, jail, capfd, monkeypatch, strict):
    """And an error if strict."""
    import importlib.util

    find = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda n, p=None: None if n == "google_crc32c" else find(n, p)
    )
    settings = {"disable_git": True, "strict": strict}
    if strict:
        with pytest.raises(RunError, match="google-crc32c"):
            begin(sync_tensorboard=True, settings=settings)
        assert not (jail.cwd / "wandb").exists()
    else:
        begin(sync_tensorboard=True, settings=settings).finish()
        (line,) = [line for line in capfd.readouterr().err.splitlines() if "warning" in line]
        assert "init(sync_tensorboard=)" in line
        assert "runsettings[tensorboard]" in line


def test_the_example_of_the_guide_works(jail):
    """It writes for TensorBoard only."""
    example = Path(__file__).parents[2] / "examples" / "integrations" / "log_for_tensorboard.py"
    done = subprocess.run(
        [sys.executable, example], capture_output=True, text=True, check=True, timeout=60
    )
    steps = [line.split()[0] for line in done.stdout.splitlines()]
    assert steps == ["0", "100", "200", "300", "400"]
