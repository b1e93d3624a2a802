"""Running the shell blocks of a page of the documentation, and comparing what they print."""

import os
import re
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryFile
from threading import Timer
from urllib.parse import urlsplit

from tenants.farms import services
from tenants.models import Tenant
from tests.conftest import go_out
from tests.serving import owner_environment

ROOT = Path(__file__).resolve().parent.parent
BLOCK = re.compile(r"^```(sh|text)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
END_OF_BLOCK = "-- end of block --\n"
EACH_BLOCK = f"""
while IFS= read -r -d '' block; do
    eval "$block" </dev/null
    printf -- '{END_OF_BLOCK}'
done
"""
# What differs between two runs: spool codes, passwords, the day in a number, the farm's name.
VARYING = {
    r"\bcode +[0-9A-Z]{9}\b": "code CODE",
    r"password \S+": "password SECRET",
    r"\b[A-Z]{4}-\d{8}-\d{3,}\b": "NUMBER",
    r"\b(readme|tour)\b": "FARM",
    r"\b[0-9a-f]{64}\b": "HASH",
}


@contextmanager
def page_run(page, *, farm, server, django_db_blocker):
    """The page's blocks, in one shell, as if they were pasted: yields an iterator that runs each of
    them when asked for it, and gives what the page says and what the block printed."""
    blocks = BLOCK.findall((ROOT / page).read_text())
    script = [text for kind, text in blocks if kind == "sh"]
    try:
        with shell(farm, server) as run:
            yield zip(expected_outputs(blocks), map(run, script), strict=True)
    finally:
        with django_db_blocker.unblock():
            for tenant in Tenant.objects.filter(slug=farm):
                services.drop_farm(tenant, by=None)
            go_out()


@contextmanager
def shell(farm, server):
    """``run(block)`` gives what a block printed; killed if all of them take 300 s."""
    environment = {
        **owner_environment(),
        "PORT": str(urlsplit(server.url).port),
        "FARM": farm,
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
    }
    command = ["bash", "-euo", "pipefail", "-c", EACH_BLOCK]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    with (
        TemporaryFile("w+") as errors,
        subprocess.Popen(command, cwd=ROOT, env=environment, stderr=errors, **pipes) as process,
    ):
        limit = Timer(300, process.kill)
        limit.start()

        def run(block):
            process.stdin.write(f"{block}\0")
            process.stdin.flush()
            lines = []
            for line in process.stdout:
                if line == END_OF_BLOCK:
                    return "".join(lines)
                lines.append(line)
            errors.seek(0)
            raise AssertionError(f"{block}\n{''.join(lines)}{errors.read()}")

        try:
            yield run
        finally:
            limit.cancel()


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
