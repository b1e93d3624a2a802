"""Spoolbook served from a copy of the project with stand-ins for manage.py and the application:
what is under test is the supervisor and the Makefile."""

import os
import shutil
import subprocess
import sys
from urllib.request import urlopen

from tests.serving import ROOT, free_port

MANAGE = """
import os, sys
print("manage.py", *sys.argv[1:], flush=True)
sys.exit(int(os.environ.get("FAIL_" + sys.argv[1].upper(), "0")))
"""
APPLICATION = """
from django.conf import settings
settings.configure(MAX_FILE_BYTES=1000, FARM_FILE_BYTES=1000)
import os
def application(environ, start_response):
    if environ["PATH_INFO"] == "/die":
        os.kill(os.getppid(), 9)
    start_response("200 OK", [("Content-Type", "text/plain")])
    names = ("DATABASE_URL", "SPOOLBOOK_WEB_DATABASE_URL")
    return [" ".join(os.environ[name] for name in names if name in os.environ).encode()]
"""
WAITING = "import signal; signal.pause()"
CORRELATION = """
from contextvars import ContextVar
client_address = ContextVar("address", default="")
correlation_id = ContextVar("id", default="")
"""
LIMITS, ADDRESSES = (
    (ROOT / "tenants" / "web" / name).read_text() for name in ("limits.py", "printer_addresses.py")
)
STAND_INS = [
    ("web", "throttle_counts.py", ""),
    ("web", "limits.py", LIMITS),
    ("web", "printer_addresses.py", ADDRESSES),
    ("operations", "operation.py", CORRELATION),
    ("schemas", "logins.py", "def share(threads): pass"),
]


def copied(folder):
    """The folder, with all of the project that a stand-in needs."""
    ignored = shutil.ignore_patterns("__pycache__")
    shutil.copytree(ROOT / "config", folder / "config", ignore=ignored)
    shutil.copy(ROOT / "Makefile", folder)
    (folder / "manage.py").write_text(MANAGE)
    (folder / "config" / "wsgi.py").write_text(APPLICATION)
    for name in ("run_jobs.py", "run_sockets.py"):
        (folder / "config" / name).write_text(WAITING)
    for package, module, text in STAND_INS:
        (folder / "tenants" / package).mkdir(parents=True, exist_ok=True)
        (folder / "tenants" / package / module).write_text(text)
    return folder


class Instance:
    """Spoolbook, served from a project on a free port."""

    started = []

    def __init__(self, project, port=None, words=(), **environment):
        self.port = port or free_port()
        self.data = project / ".data"
        self.process = subprocess.Popen(
            [sys.executable, "-m", "config.serve", "--port", str(self.port), *words],
            cwd=project,
            env=clean_environment() | environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self.started.append(self.process)

    @classmethod
    def end_all(cls):
        """Also those that a test left when it failed."""
        while cls.started:
            process = cls.started.pop()
            process.kill()
            process.wait()

    def wait_until_ready(self):
        return self.wait_for("Ctrl-C stops it")

    def wait_for(self, words):
        """What it says up to the line with these words."""
        seen = ""
        for line in self.process.stdout:
            seen += line
            if words in line:
                return seen
        raise AssertionError(seen)

    def get(self, path="/"):
        with urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=60) as answer:
            return answer.read().decode()

    def ends(self):
        """Everything it still says, and its exit code."""
        text = self.process.communicate(timeout=90)[0]
        return text, self.process.returncode


def clean_environment():
    ours = ("SPOOLBOOK_", "DATABASE_", "DJANGO_", "MAKE", "MFLAGS")
    inherited = {key: value for key, value in os.environ.items() if not key.startswith(ours)}
    return inherited | {"SPOOLBOOK_DURABLE": "0"}
