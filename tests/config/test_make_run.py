"""`make run` brings everything up, says what is wrong in a sentence, and leaves nothing behind."""

import os
import signal
import socket
import time
from contextlib import suppress

import pytest

from config.database import embedded, login_urls
from config.database.embedded.postmaster import running
from tests.budgets import deep
from tests.config.instances import Instance, copied

SLOW_TO_BEGIN = """
import time
def post_fork(_server, worker):
    if worker.age == 2:
        time.sleep(5)
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
    Instance.end_all()
    embedded.stop(empty_project / ".data")
    (empty_project / ".data").rename(made)


@pytest.fixture
def empty_project(tmp_path_factory):
    """A copy of the project, in a folder with a space in its name."""
    folder = copied(tmp_path_factory.mktemp("p") / "a copy")
    yield folder
    Instance.end_all()
    embedded.stop(folder / ".data")


@pytest.mark.parametrize("number", [pytest.param(signal.SIGINT, marks=deep), signal.SIGTERM])
def test_it_does_every_step_serves_and_stops_cleanly(empty_project, number):
    instance = Instance(empty_project)
    output = instance.wait_until_ready()
    steps = ["Starting PostgreSQL", "manage.py prepare", "manage.py demo", "is ready"]
    assert sorted(steps, key=output.index) == steps
    assert f"http://demo.localhost:{instance.port}/" in output
    assert instance.get().startswith("postgresql://spoolbook.web:")
    instance.process.send_signal(number)
    output, code = instance.ends()
    assert (code, "PostgreSQL has stopped." in output) == (0, True)
    assert "Traceback" not in output
    assert running(instance.data / "postgres") is None, output


@deep
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


@deep
def test_a_worker_that_is_only_beginning_does_not_keep_the_port(project):
    with (project / "config" / "gunicorn.conf.py").open("a") as conf:
        conf.write(SLOW_TO_BEGIN)
    killed = Instance(project)
    killed.wait_until_ready()
    killed.process.kill()
    killed.process.wait()
    Instance(project, port=killed.port).wait_until_ready()


@deep
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


@deep
def test_a_web_server_that_dies_is_started_again_on_its_port(project):
    instance = Instance(project)
    instance.wait_until_ready()
    with suppress(OSError):
        instance.get("/die")
    instance.wait_for("The web server runs again")
    assert instance.get()
    instance.process.terminate()
    assert instance.ends()[1] == 0


@deep
def test_an_application_that_cannot_be_loaded_ends_everything(project):
    (project / "config" / "wsgi.py").write_text("nonsense")
    output, code = Instance(project).ends()
    assert f"The web server has ended (exit code {code})" in output
    assert code != 0


@deep
def test_a_step_that_fails_ends_everything_before_the_web_server_starts(project):
    instance = Instance(project, FAIL_DEMO="7")
    output, code = instance.ends()
    assert (code, "failed (exit code 7)" in output, "web server" in output) == (7, True, False)
    assert running(instance.data / "postgres") is None, output


@deep
def test_without_the_demo_farm_it_is_not_made(project):
    instance = Instance(project, words=["--no-demo"])
    output = instance.wait_until_ready()
    assert "manage.py prepare" in output
    assert "demo" not in output


@deep
def test_a_port_in_use_is_named_with_another_to_try(empty_project):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        output, code = Instance(empty_project, port=port).ends()
    assert code == 1
    assert f"Port {port} is in use by another program" in output
    assert f"make run PORT={port + 1}" in output
    assert not (empty_project / ".data").exists()


@deep
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
    output, code = Instance(project, DATABASE_URL=url).ends()
    assert (code, sentence in output) == (1, True), output
    assert "Traceback" not in output
    assert "secret" not in output


@deep
def test_a_database_that_dies_is_started_again(project):
    instance = Instance(project)
    instance.wait_until_ready()
    server = running(instance.data / "postgres")
    os.kill(server.pid, signal.SIGKILL)
    instance.wait_for("PostgreSQL runs again")
    again = running(instance.data / "postgres")
    assert again.pid != server.pid
    url = login_urls(embedded.url(instance.data))["SPOOLBOOK_WEB_DATABASE_URL"]
    assert instance.get() == url
    embedded.release(instance.data)
    instance.process.terminate()
    output, code = instance.ends()
    assert (code, "PostgreSQL has stopped." in output) == (0, True)


@deep
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
