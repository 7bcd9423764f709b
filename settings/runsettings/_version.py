"""The version, in a module of its own: every room may import it without the whole house."""

__version__ = "0.1.0"
