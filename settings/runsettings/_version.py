"""The version, in a module that costs nothing to import; the build reads it from here."""

__version__ = "0.1.0"
