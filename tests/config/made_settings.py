"""The settings as an environment makes them, without a process of their own."""

import os
import runpy
from unittest import mock

from tests.serving import ROOT

SETTINGS = ROOT / "config" / "settings.py"


def made_settings(**environment):
    """``{name: value}``; raises ImproperlyConfigured, as a start with this environment would."""
    with mock.patch.dict(os.environ, environment):
        made = runpy.run_path(str(SETTINGS))
    return {name: value for name, value in made.items() if name.isupper()}
