"""Writes the parts of the documentation that are read off the product itself, so that they can't go stale.

Each directive renders Markdown made of what is true now: the API's comments, the task's transition table, the settings
and their defaults.
"""

from __future__ import annotations

from sphinx.application import Sphinx

from generators import docstrings
from generators.api_pages import ApiFile, EnumValues
from generators.deploying import Deploying
from generators.errors_page import ErrorReasons
from generators.policy_page import PolicyFields
from generators.rights_page import Rights
from generators.script_pages import Markings, ScriptParams
from generators.settings_page import Options, SettingsReference
from generators.state_diagram import StateDiagram
from generators.state_pages import Transitions


def setup(app: Sphinx) -> dict[str, bool]:
    """Register the directives and the hooks with Sphinx."""
    app.add_directive("api-file", ApiFile)
    app.add_directive("enum-values", EnumValues)
    app.add_directive("error-reasons", ErrorReasons)
    app.add_directive("deploying", Deploying)
    app.add_directive("markings", Markings)
    app.add_directive("policy-fields", PolicyFields)
    app.add_directive("rights", Rights)
    app.add_directive("script-params", ScriptParams)
    app.add_directive("settings-reference", SettingsReference)
    app.add_directive("state-diagram", StateDiagram)
    app.add_directive("options-of", Options)
    app.add_directive("transitions", Transitions)
    app.setup_extension("sphinx.ext.autodoc")
    app.connect("autodoc-process-docstring", docstrings.to_rst)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
