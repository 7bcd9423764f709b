"""``magic``: records arguments, config files and metrics of other packages automatically."""

from __future__ import annotations

import functools
import inspect
import json
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from importlib import import_module
from types import ModuleType
from typing import Any, Final

from runsettings.documents.files import read_file
from runsettings.documents.paths import named_path, working_directory
from runsettings.integrations.current import as_number
from runsettings.integrations.patching import Patches
from runsettings.layers.flags.namespace import GivenNamespace
from runsettings.layers.flags.parsing import parse_known_args
from runsettings.layers.flags.recording import own_words
from runsettings.models import provenance
from runsettings.models.settings import MAGIC, Settings, wrong_magic
from runsettings.runs.recording.run import Run
from runsettings.values.diagnostic import Diagnostic
from runsettings.values.errors import RunError
from runsettings.values.excerpts import excerpt_of
from runsettings.values.origin import Layer
from runsettings.values.tree import Tree

EXTRA: Final = ""


def missing(settings: Settings) -> str | None:
    """Check the options. ``magic`` itself needs no package.

    Args:
        settings: The settings, for ``magic``.

    Returns:
        ``None``.

    Raises:
        RunError: The file of options cannot be read, or one of its options is invalid.
    """
    options(settings)
    return None


def options(settings: Settings) -> dict[str, bool]:
    """Return which packages are recorded.

    Args:
        settings: The settings. ``magic`` is a bool, a mapping, or a text with JSON or a path.

    Returns:
        Whether each of `MAGIC` is enabled.

    Raises:
        RunError: The file of options cannot be read, or one of its options is invalid.
    """
    given: Any = settings.magic
    if isinstance(given, str):
        given = json.loads(given) if given.lstrip().startswith("{") else _read(given, settings)
    if isinstance(given, bool):
        return dict.fromkeys(MAGIC, given)
    return {name: given.get(name, True) for name in MAGIC}


def _read(name: str, settings: Settings) -> Mapping[str, Any]:
    """The options in a file.

    Raises:
        RunError: The file cannot be read, or an option is invalid.
    """
    reading = read_file(named_path(name, working_directory()), Layer.FILE, where=name)
    found: Sequence[Diagnostic] = reading.named_by(provenance.origin(settings, "magic")).diagnostics
    if not any(each.is_error for each in found):
        found = [_placed(each, reading.tree) for each in wrong_magic(reading.tree.data)]
    if any(each.is_error for each in found):
        raise RunError(found)
    return reading.tree.data


def _placed(diagnostic: Diagnostic, tree: Tree) -> Diagnostic:
    """A diagnostic of an option in a file, with its place there."""
    path, unknown = diagnostic.path, diagnostic.path[0] not in MAGIC
    return replace(
        diagnostic,
        path=("magic", *path),
        origin=tree.origin(path, key=unknown),
        excerpt=excerpt_of(tree, path, key=unknown),
    )


def attach(run: Run) -> Callable[[], None]:
    """Patch the enabled packages until the end of the run.

    Args:
        run: The run.

    Returns:
        A function that removes the patches.
    """
    return _Magic(run, options(run._settings)).patches.remove


class _Magic:
    """Records arguments, configs and metrics of other packages in one process.

    Args:
        run: The run.
        chosen: Whether each of `MAGIC` is enabled.
    """

    def __init__(self, run: Run, chosen: Mapping[str, bool]) -> None:
        self._run = run
        self._process = os.getpid()
        self._inside = False
        self._has_file = False
        self.patches = Patches(self._complain)
        self.patches.install(
            {
                module: patch
                for part, module, patch in (
                    ("argparse", "argparse", self._patch_argparse),
                    ("absl", "absl.flags._flagvalues", self._patch_absl),
                    ("hydra", "hydra._internal.config_loader_impl", self._patch_hydra),
                    ("omegaconf", "omegaconf.omegaconf", self._patch_omegaconf),
                    ("keras", "keras.src.models.model", self._patch_keras),
                    ("lightning", "lightning.pytorch.trainer.trainer", self._patch_lightning),
                    ("lightning", "pytorch_lightning.trainer.trainer", self._patch_lightning),
                )
                if chosen[part]
            }
        )

    def _patch_argparse(self, module: ModuleType) -> None:
        """Record the arguments that a parser reads from the command line of the program."""

        def recording(original: Callable[..., Any]) -> Callable[..., Any]:
            @functools.wraps(original)
            def parse(parser: Any, args: Any = None, namespace: Any = None) -> Any:
                if args is not None:
                    args = list(args)  # it may be an iterator
                command_line = args is None or args == sys.argv[1:]
                if self._inside or not command_line or os.getpid() != self._process:
                    return original(parser, args, namespace)
                self._inside = True
                try:
                    with own_words():
                        words = sys.argv[1:] if args is None else args
                        given, rest = parse_known_args(parser, words, namespace)
                finally:
                    self._inside = False
                self._update(given)
                return _plain(given) if namespace is None else namespace, rest

            return parse

        self.patches.replace(module.ArgumentParser, "parse_known_args", recording)

    def _patch_absl(self, module: ModuleType) -> None:
        """Record the flags of the program once they are parsed."""

        def recording(original: Callable[..., Any]) -> Callable[..., Any]:
            @functools.wraps(original)
            def parse(flags: Any, *args: Any, **kwargs: Any) -> Any:
                result = original(flags, *args, **kwargs)
                if flags is import_module("absl.flags").FLAGS:
                    self._update(flags)
                return result

            return parse

        self.patches.replace(module.FlagValues, "__call__", recording)

    def _patch_hydra(self, module: ModuleType) -> None:
        """Record the first config that Hydra composes, without the key ``hydra``."""

        def recording(original: Callable[..., Any]) -> Callable[..., Any]:
            @functools.wraps(original)
            def compose(*args: Any, **kwargs: Any) -> Any:
                inside, self._inside = self._inside, True
                try:
                    config = original(*args, **kwargs)
                finally:
                    self._inside = inside
                try:
                    names = [key for key in config if key != "hydra"]
                    missing = import_module("omegaconf").OmegaConf.is_missing
                    found = {key: config[key] for key in names if not missing(config, key)}
                except Exception as error:  # noqa: BLE001 - of a reference; the program must go on
                    self._complain(error)
                else:
                    self._first_file(found)
                return config

            return compose

        self.patches.replace(module.ConfigLoaderImpl, "load_configuration", recording)

    def _patch_omegaconf(self, module: ModuleType) -> None:
        """Record the first file that OmegaConf loads, with line numbers as origins."""

        def recording(original: Callable[..., Any]) -> Any:
            @functools.wraps(original)
            def load_file(file_: Any) -> Any:
                config = original(file_)
                if not self._inside:
                    is_path = isinstance(file_, (str, os.PathLike))
                    has_reference = "${" in str(config)
                    self._first_file(file_ if is_path and not has_reference else config)
                return config

            return staticmethod(load_file)

        self.patches.replace(module.OmegaConf, "load", recording)

    def _patch_keras(self, module: ModuleType) -> None:
        """Give each `fit` the callback that logs epochs."""

        def recording(original: Callable[..., Any]) -> Callable[..., Any]:
            @functools.wraps(original)
            def fit(model: Any, *args: Any, **kwargs: Any) -> Any:
                if not self._run._open:
                    return original(model, *args, **kwargs)
                from runsettings.integrations.keras import RunCallback  # keras

                try:
                    bound = inspect.signature(original).bind(model, *args, **kwargs)
                except TypeError:
                    return original(model, *args, **kwargs)  # which raises its own error
                bound.arguments["callbacks"] = _with(
                    bound.arguments.get("callbacks"), RunCallback(self._run)
                )
                return original(*bound.args, **bound.kwargs)

            return fit

        self.patches.replace(module.Model, "fit", recording)

    def _patch_lightning(self, module: ModuleType) -> None:
        """Give each trainer a callback that logs the metrics of its epochs."""
        package = module.__name__.removesuffix(".trainer.trainer")
        run = self._run

        def recording(original: Callable[..., Any]) -> Callable[..., Any]:
            @functools.wraps(original)
            def init(trainer: Any, *args: Any, **kwargs: Any) -> None:
                kind: Any = import_module(f"{package}.callbacks").Callback

                class EpochMetrics(kind):  # type: ignore[misc]
                    def on_train_epoch_end(self, trainer: Any, _module: Any) -> None:
                        if trainer.is_global_zero and run._open:
                            found = trainer.callback_metrics.items()
                            metrics = {name: as_number(value) for name, value in found}
                            run.log({"epoch": trainer.current_epoch, **metrics})

                    def __reduce__(self) -> tuple[Any, ...]:
                        return kind, ()  # the run is not in a process that the trainer spawns

                kwargs["callbacks"] = _with(kwargs.get("callbacks"), EpochMetrics())
                original(trainer, *args, **kwargs)

            return init

        self.patches.replace(module.Trainer, "__init__", recording)

    def _first_file(self, config: Any) -> None:
        if not self._has_file:
            self._has_file = True
            self._update(config)

    def _update(self, values: Any) -> None:
        """Add values to the config, without changing keys that it already has."""
        if os.getpid() != self._process or not self._run._open:
            return
        try:
            self._run.config.update(values)
        except Exception as error:  # noqa: BLE001 - the program must go on; it is reported
            self._complain(error)

    def _complain(self, error: object) -> None:
        self._run._warn_once("magic", f"magic: {error}")


def _plain(given: GivenNamespace) -> Any:
    """The namespace that argparse would return without the patch."""
    kind = next(each for each in type(given).__mro__ if not issubclass(each, GivenNamespace))
    plain: Any = kind()
    vars(plain).update(vars(given))
    return plain


def _with(callbacks: Any, own: Any) -> Any:
    """The callbacks of a framework's argument, and one more."""
    if callbacks is None:
        return [own]
    if isinstance(callbacks, (list, tuple)):
        return [*callbacks, own]
    append = getattr(callbacks, "append", None)
    if append is None:
        return [callbacks, own]
    append(own)
    return callbacks
