"""How Sphinx builds the documentation: `make docs`."""

from __future__ import annotations

from typing import Any

from sphinx.application import Sphinx

from runsettings import __version__

project = "runsettings"
author = "the runsettings authors"
copyright = author
version = release = __version__

extensions = [
    "myst_parser",
    "sphinx.ext.autodoc",
    "sphinx.ext.napoleon",
]

html_theme = "furo"
html_title = f"runsettings {version}"
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_theme_options = {"top_of_page_buttons": []}  # there is no place to view or edit a page
templates_path = ["_templates"]
exclude_patterns = ["_build", "_ext", "_templates"]

myst_enable_extensions = ["colon_fence", "deflist", "fieldlist"]
myst_heading_anchors = 3

# `name` in a docstring is a Python object where these pages have one of that name.
default_role = "py:obj"
autodoc_typehints = "both"  # in the signature too, which alone has the type of what is returned
autodoc_typehints_description_target = "documented"
autodoc_member_order = "bysource"
autodoc_class_signature = "mixed"
napoleon_google_docstring = True
napoleon_numpy_docstring = False
napoleon_use_ivar = True


def set_language(
    _app: Sphinx, page: str, _template: str, context: dict[str, Any], _doctree: object
) -> None:
    """Tell browsers and screen readers which pages are in Japanese."""
    if page.startswith("ja/"):
        context["language"] = "ja"


def setup(app: Sphinx) -> None:
    """Connect the function above."""
    app.connect("html-page-context", set_language)
