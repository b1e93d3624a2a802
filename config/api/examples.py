"""Example bodies, for the API's description and for the forms of its pages."""

from pathlib import Path

import yaml

EXAMPLES = yaml.safe_load(Path(__file__).with_name("examples.yaml").read_text())


def example_for(view):
    """The body for the view's action, a CSV table as text; None without an example."""
    return EXAMPLES.get(f"{view.basename}.{view.action}")
