"""Running the shell blocks of a page of the documentation, and comparing what they print."""

import os
import re
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

from tenants.farms import services
from tenants.models import Tenant
from tests.conftest import go_out
from tests.serving import owner_environment

ROOT = Path(__file__).resolve().parent.parent
BLOCK = re.compile(r"^```(sh|text)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
END_OF_BLOCK = "-- end of block --"
# What differs between two runs: spool codes, passwords, the day in a number, the farm's name.
VARYING = {
    r"\bcode +[0-9A-Z]{9}\b": "code CODE",
    r"password \S+": "password SECRET",
    r"\b[A-Z]{4}-\d{8}-\d{3,}\b": "NUMBER",
    r"\b(readme|tour)\b": "FARM",
}


@contextmanager
def page_run(page, *, farm, server, django_db_blocker):
    """Run the page's blocks; yields pairs of what the page says and what each block printed."""
    blocks = BLOCK.findall((ROOT / page).read_text())
    try:
        printed = run_blocks([text for kind, text in blocks if kind == "sh"], farm, server)
        yield list(zip(expected_outputs(blocks), printed, strict=True))
    finally:
        with django_db_blocker.unblock():
            for tenant in Tenant.objects.filter(slug=farm):
                services.drop_farm(tenant, by=None)
            go_out()


def run_blocks(script, farm, server):
    """Run the blocks in one shell, as if they were pasted; returns what each printed."""
    end = f"\necho '{END_OF_BLOCK}'\n"
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", end.join([*script, ""])],
        cwd=ROOT,
        env={
            **owner_environment(),
            "PORT": str(urlsplit(server.url).port),
            "FARM": farm,
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        },
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout.split(f"{END_OF_BLOCK}\n")[:-1]


def expected_outputs(blocks):
    """The text block after each shell block; empty where there is none."""
    followers = [*blocks[1:], ("sh", "")]
    pairs = zip(blocks, followers, strict=True)
    return [next_[1] if next_[0] == "text" else "" for (kind, _), next_ in pairs if kind == "sh"]


def assert_as_printed(outputs):
    """Every block printed what its page says."""
    for expected, printed in outputs:
        lines = printed.splitlines()
        assert len(expected.splitlines()) == len(lines), printed
        for page_line, line in zip(expected.splitlines(), lines, strict=True):
            assert _matches(page_line, line), f"{line!r} is not {page_line!r}"


def _matches(expected, line):
    """Whether a line is as the page says; ``...`` on the page leaves its end open."""
    expected, line = _normalised(expected), _normalised(line)
    return line.startswith(expected[:-3]) if expected.endswith("...") else line == expected


def _normalised(line):
    for pattern, word in VARYING.items():
        line = re.sub(pattern, word, line)
    return " ".join(line.split())
