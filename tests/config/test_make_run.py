"""`make run` brings everything up, says what is wrong in a sentence, and leaves nothing behind.

In a copy of the project whose manage.py and application are stand-ins: what is under test is the
supervisor and the Makefile.
"""

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from urllib.request import urlopen

import pytest

from config.database import embedded
from config.database.embedded.postmaster import running

ROOT = Path(__file__).resolve().parents[2]
MANAGE = """
import os, sys
print("manage.py", *sys.argv[1:], flush=True)
sys.exit(int(os.environ.get("FAIL_" + sys.argv[1].upper(), "0")))
"""
APPLICATION = """
import os
def application(environ, start_response):
    if environ["PATH_INFO"] == "/die":
        os.kill(os.getppid(), 9)
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [os.environ["DATABASE_URL"].encode()]
"""


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A data folder with a database, for a quicker start."""
    data = tmp_path_factory.mktemp("made") / "data"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SPOOLBOOK_DURABLE", "0")
        embedded.connect(data)
        embedded.release(data)
    return data


@pytest.fixture
def project(made, empty_project):
    """A copy of the project with a database."""
    made.rename(empty_project / ".data")
    yield empty_project
    embedded.stop(empty_project / ".data")
    (empty_project / ".data").rename(made)


@pytest.fixture
def empty_project(tmp_path_factory):
    """A copy of the project, in a folder with a space in its name."""
    folder = tmp_path_factory.mktemp("p") / "a copy"
    ignored = shutil.ignore_patterns("__pycache__")
    shutil.copytree(ROOT / "config", folder / "config", ignore=ignored)
    shutil.copy(ROOT / "Makefile", folder)
    (folder / "manage.py").write_text(MANAGE)
    (folder / "config" / "wsgi.py").write_text(APPLICATION)
    (folder / "tenants").mkdir()
    (folder / "tenants" / "rates.py").touch()
    correlation = (
        "from contextvars import ContextVar\ncorrelation_id = ContextVar('id', default='')"
    )
    (folder / "tenants" / "operations.py").write_text(correlation)
    yield folder
    embedded.stop(folder / ".data")


class Instance:
    """Spoolbook, served from a project on a free port."""

    def __init__(self, project, port=None, **environment):
        self.port = port or free_port()
        self.data = project / ".data"
        self.process = subprocess.Popen(
            [sys.executable, "-m", "config.serve", "--port", str(self.port)],
            cwd=project,
            env=clean_environment() | environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def wait_until_ready(self):
        seen = ""
        for line in self.process.stdout:
            seen += line
            if "Ctrl-C stops it" in line:
                return seen
        raise AssertionError(seen)

    def get(self, path="/"):
        with urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=10) as answer:
            return answer.read().decode()

    def ends(self):
        """Everything it still says, and its exit code."""
        text = self.process.communicate(timeout=30)[0]
        return text, self.process.returncode


def clean_environment():
    ours = ("SPOOLBOOK_", "DATABASE_", "DJANGO_", "MAKE", "MFLAGS")
    kept = {key: value for key, value in os.environ.items() if not key.startswith(ours)}
    return kept | {"SPOOLBOOK_DURABLE": "0"}


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_does_every_step_serves_and_stops_cleanly(empty_project, number):
    instance = Instance(empty_project)
    said = instance.wait_until_ready()
    steps = ["Starting PostgreSQL", "manage.py prepare", "manage.py demo", "is ready"]
    assert sorted(steps, key=said.index) == steps
    assert f"http://demo.localhost:{instance.port}/" in said
    assert instance.get().startswith("postgresql://spoolbook:")
    instance.process.send_signal(number)
    said, code = instance.ends()
    assert (code, "PostgreSQL has stopped." in said) == (0, True)
    assert "Traceback" not in said
    assert running(instance.data / "postgres") is None


def test_after_a_kill_of_the_supervisor_it_starts_again_on_the_same_port(project):
    killed = Instance(project)
    killed.wait_until_ready()
    killed.process.kill()
    killed.process.wait()
    assert running(killed.data / "postgres")
    again = Instance(project, port=killed.port)
    again.wait_until_ready()
    again.process.terminate()
    assert again.ends()[1] == 0
    assert running(killed.data / "postgres") is None


def test_two_instances_share_a_data_folder(project):
    first, second = Instance(project), Instance(project)
    first.wait_until_ready()
    second.wait_until_ready()
    assert first.get() == second.get()
    first.process.terminate()
    assert "PostgreSQL has stopped" not in first.ends()[0]
    assert second.get()
    second.process.terminate()
    assert "PostgreSQL has stopped" in second.ends()[0]


def test_a_web_server_that_dies_ends_everything_with_its_exit_code(project):
    instance = Instance(project)
    instance.wait_until_ready()
    with suppress(OSError):
        instance.get("/die")
    said, code = instance.ends()
    assert (code, "The web server has ended" in said) == (128 + 9, True)
    assert running(instance.data / "postgres") is None


def test_an_application_that_cannot_be_loaded_ends_everything(project):
    (project / "config" / "wsgi.py").write_text("nonsense")
    said, code = Instance(project).ends()
    assert f"The web server has ended (exit code {code})" in said
    assert code != 0


def test_a_step_that_fails_ends_everything_before_the_web_server_starts(project):
    instance = Instance(project, FAIL_DEMO="7")
    said, code = instance.ends()
    assert (code, "failed (exit code 7)" in said, "web server" in said) == (7, True, False)
    assert running(instance.data / "postgres") is None


def test_a_port_in_use_is_named_with_another_to_try(empty_project):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        said, code = Instance(empty_project, port=port).ends()
    assert code == 1
    assert f"Port {port} is in use by another program" in said
    assert f"make run PORT={port + 1}" in said
    assert not (empty_project / ".data").exists()


@pytest.mark.parametrize(
    ("url", "sentence"),
    [
        ("postgresql://me:secret@127.0.0.1:1/farm", "can't be reached: connection failed"),
        ("postgresql://me:secret@127.0.0.1:x/farm", "a port that is not a number"),
        ("nonsense", "DATABASE_URL must look like"),
        ("postgresql://127.0.0.1/farm?nonsense=1", "can't be reached: invalid connection option"),
    ],
)
def test_a_database_url_that_leads_nowhere_is_said_in_a_sentence(project, url, sentence):
    said, code = Instance(project, DATABASE_URL=url).ends()
    assert (code, sentence in said) == (1, True), said
    assert "Traceback" not in said
    assert "secret" not in said


def make(project, *words, **environment):
    command = ["make", "--no-print-directory", *words]
    environment = clean_environment() | environment
    return subprocess.run(command, cwd=project, env=environment, capture_output=True, text=True)


def fake_python(folder, version):
    """A program that answers as a Python of that version would."""
    folder.mkdir(exist_ok=True)
    text = f'#!/bin/sh\ncase "$2" in *platform*) echo {version};; *) exit 1;; esac\n'
    (folder / "python3").write_text(text)
    (folder / "python3").chmod(0o755)
    return str(folder)


def test_an_old_python_is_refused_by_its_version(empty_project):
    path = fake_python(empty_project / "bin", "3.9.2")
    for tool in ("make", "sh"):
        (empty_project / "bin" / tool).symlink_to(shutil.which(tool))
    answer = make(empty_project, "install", PATH=path)
    assert answer.returncode != 0
    assert "Spoolbook needs Python 3.11 or newer; found: 3.9.2 (python3)." in answer.stderr


def test_requirements_are_installed_once_and_again_when_they_change(empty_project):
    python = f"PYTHON={sys.executable}"
    requirements = empty_project / "requirements.txt"
    requirements.write_text("# nothing\n")
    first = make(empty_project, "install", python)
    assert "Installing requirements.txt into .venv ..." in first.stdout, first.stderr
    assert make(empty_project, "install").stdout == ""
    requirements.write_text("spoolbook-has-no-such-package==0 ; python_version < '4'\n")
    failed = make(empty_project, "install", PIP_NO_INDEX="1")
    assert (failed.returncode, "is tried again" in failed.stderr) == (2, True)
    requirements.write_text("# nothing\n")
    assert "Installing" in make(empty_project, "install").stdout, (
        "half an installation does not count"
    )


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_can_not_be_written_to_is_named_before_anything_is_made(empty_project):
    (empty_project / "requirements.txt").write_text("# nothing\n")
    empty_project.chmod(0o555)
    answer = make(empty_project, "install", f"PYTHON={sys.executable}")
    empty_project.chmod(0o755)
    assert f"No permission to write in {empty_project}" in answer.stderr
    assert "apt install" not in answer.stderr


def test_help_names_every_target(empty_project):
    said = make(empty_project, "help").stdout
    assert all(f"make {name} " in said for name in ("run", "test", "check", "fix", "clean"))


def test_a_database_that_dies_is_started_again(project):
    instance = Instance(project)
    instance.wait_until_ready()
    server = running(instance.data / "postgres")
    os.kill(server.pid, signal.SIGKILL)
    for line in instance.process.stdout:
        if "PostgreSQL runs again" in line:
            break
    again = running(instance.data / "postgres")
    assert again.pid != server.pid
    assert instance.get() == embedded.url(instance.data)
    embedded.release(instance.data)
    instance.process.terminate()
    said, code = instance.ends()
    assert (code, "PostgreSQL has stopped." in said) == (0, True)


def test_the_database_of_a_killed_instance_is_stopped_by_the_next(project):
    killed = Instance(project)
    killed.wait_until_ready()
    server = running(killed.data / "postgres")
    os.kill(server.pid, signal.SIGKILL)
    killed.process.kill()
    killed.process.wait()
    time.sleep(0.1)
    again = Instance(project)
    again.wait_until_ready()
    assert running(killed.data / "postgres").pid != server.pid
    again.process.terminate()
    assert again.ends()[1] == 0
