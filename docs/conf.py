"""How Sphinx builds these pages: ``python -m sphinx -W docs docs/_build``."""

from importlib.metadata import version as version_of

project = "gradgen"
author = "the gradgen authors"
copyright = "the gradgen authors"
version = release = version_of("gradgen")

extensions = ["myst_parser", "numpydoc", "sphinx.ext.autodoc", "sphinx.ext.viewcode"]
exclude_patterns = ["_build"]
html_theme = "furo"
html_title = "gradgen"

myst_heading_anchors = 3
autodoc_typehints = "none"
numpydoc_show_class_members = False
