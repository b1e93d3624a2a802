"""The section of docs/performance.md that `make bench` writes."""

import re

from benchmarks import machine, rows
from benchmarks.serving import ROOT

PAGE = ROOT / "docs" / "performance.md"
TITLE = "## The table"
SECTION = re.compile(f"^{TITLE}$.*?(?=^## )", re.MULTILINE | re.DOTALL)


def write(found):
    PAGE.write_text(with_section(PAGE.read_text(), section(found)))
    print(f"Written to {PAGE.relative_to(ROOT)}")


def section(found):
    return f"{TITLE}\n\nMeasured {machine.facts()}\n\n{rows.table(found)}\n\n"


def with_section(text, new):
    """The page with the section anew."""
    if not SECTION.search(text):
        raise ValueError(f"There is no {TITLE}.")
    return SECTION.sub(lambda _: new, text)
