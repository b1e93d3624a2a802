"""The image and compose.yaml: what is in them, and that it serves. No engine is needed."""

import json
import os
import re
import subprocess
import sys
import time
from contextlib import ExitStack, contextmanager
from importlib.util import find_spec
from subprocess import PIPE, STDOUT
from types import SimpleNamespace

import httpx
import pytest
from django.core.management import get_commands

from config.database import embedded
from tests.budgets import deep
from tests.config.images import Image, Missing, bare_environment, instructions, names, services
from tests.config.sockets.live import heard_nothing, open_at, wait_for_it
from tests.serving import NO_CERTIFICATES, ROOT, free_port, served_environment
from tests.test_docs import described_variables

GIVEN = {
    "OWNER_PASSWORD": "a" * 32,
    "WEB_PASSWORD": "b" * 32,
    "SITE_PASSWORD": "c" * 32,
    "SPOOLBOOK_SECRET_KEY": "0123456789abcdef" * 4,
    "SPOOLBOOK_FARM_DOMAIN": "farms.example.com",
}
# The status of each address, at the farm alpha.
ASK = """
import sys
from django.test import RequestFactory
from config.wsgi import application
for path in sys.argv[1:]:
    environ = RequestFactory(SERVER_NAME="alpha.localhost").get(path).environ
    answer = application(environ, lambda status, headers, *_: print(status[:3], flush=True))
    b"".join(answer)
"""
OURS = {"prepare", "web", "worker", "sockets"}
PROXIED = {"X-Forwarded-Proto": "https"}
AT_FARM = {"Host": "north.farms.example.com"} | PROXIED


# --- What is written -----------------------------------------------------------------------------


def test_the_image_names_what_is_there_runs_as_nobody_and_holds_no_secret():
    found = instructions((ROOT / "Dockerfile").read_text())
    named = dict(found)
    assert re.fullmatch(r"python:3\.\d+-slim", named["FROM"])
    assert named["USER"] == "$USER_ID:$USER_ID"
    sources = [word for name, rest in found if name == "COPY" for word in rest.split()[:-1]]
    assert all((ROOT / source).exists() for source in sources)
    assert not {".", "tests", ".data", ".env"} & set(sources)
    assert not re.search("KEY|PASSWORD|DATABASE_URL", (ROOT / "Dockerfile").read_text())
    assert found[-1][0] == "CMD"


@pytest.mark.parametrize("name", GIVEN)
def test_nothing_starts_without_what_has_no_default(name):
    assert names()[name]
    for value in ({}, {name: ""}):
        with pytest.raises(Missing, match=name):
            services(**{key: GIVEN[key] for key in GIVEN if key != name}, **value)


def test_no_secret_has_a_default():
    assert {name for name, is_needed in names().items() if is_needed} == set(GIVEN)
    assert not [name for name in set(names()) - set(GIVEN) if re.search("PASS|KEY|SECRET", name)]


def test_the_services_are_of_one_image_and_know_what_they_need_alone():
    found = services(**GIVEN)
    assert found.keys() == OURS | {"db"}
    assert len({json.dumps([found[name][key] for key in ("image", "build")]) for name in OURS}) == 1
    owners = {name for name in found if GIVEN["OWNER_PASSWORD"] in json.dumps(found[name])}
    assert owners == {"db", "prepare", "worker"}
    assert [each.partition(":")[0] for each in found["web"]["ports"]] == ["127.0.0.1"]
    assert not [name for name in found if name != "web" and "ports" in found[name]]
    after = {name: list(found[name].get("depends_on", {})) for name in found}
    assert after == {"db": [], "prepare": ["db"]} | dict.fromkeys(OURS - {"prepare"}, ["prepare"])


def test_its_variables_are_described_where_people_look():
    known = described_variables().keys()
    for name in OURS:
        assert services(**GIVEN)[name]["environment"].keys() <= known
    page = (ROOT / "docs" / "deployment.md").read_text()
    assert set(re.findall(r"^\| `(\w+)` \|", page, re.M)) == names().keys()


def test_its_commands_are_there():
    words = [word for name in OURS for word in services(**GIVEN)[name].get("command", [])]
    text = " ".join(words)
    modules, commands = re.findall(r"config\.\w+", text), re.findall(r"manage\.py (\w+)", text)
    assert sorted(modules) == ["config.run_jobs", "config.run_sockets"]
    assert all(find_spec(module) for module in modules)
    assert commands == ["prepare"]
    assert "prepare" in get_commands()


# --- Carried out ---------------------------------------------------------------------------------


@contextmanager
def running(image, command, environment, log):
    with log.open("wb") as file:
        process = image.run(command, environment, stdout=file, stderr=file)
    try:
        yield process
    finally:
        process.terminate()
        assert process.wait(timeout=60) == 0, log.read_text()


def at_port(command, port):
    """The command, at a port of this machine alone."""
    return [word.replace("0.0.0.0:8000", f"127.0.0.1:{port}") for word in command]


def answer(url, process, log):
    until = time.monotonic() + 60
    while process.poll() is None and time.monotonic() < until:
        try:
            return httpx.get(url, headers=AT_FARM, verify=NO_CERTIFICATES, timeout=30)
        except httpx.TransportError:
            time.sleep(0.05)
    raise AssertionError(log.read_text())


def test_what_the_image_copies_is_enough_to_serve(django_db_setup, django_db_blocker, tmp_path):
    """In one process, with the packages of this environment and the tests' database."""
    python = os.path.dirname(sys.executable)
    bare = bare_environment() | {"PATH": f"{python}:{os.environ['PATH']}"}
    image = Image(tmp_path, bare, USER_ID=str(os.getuid())).build(without=["pip", "compileall"])
    with django_db_blocker.unblock():
        given = served_environment()
    wanted = ("SPOOLBOOK_SECRET_KEY", "SPOOLBOOK_WEB_DATABASE_URL", "SPOOLBOOK_SITE_DATABASE_URL")
    given = {name: given[name] for name in wanted} | {"SPOOLBOOK_HTTPS": "0"}
    asked = ["/readyz", "/accounts/login/", "/static/floor.css", "/static/docs/admin-today.png"]
    process = image.run(["python", "-c", ASK, *asked], given, stdout=PIPE, stderr=PIPE, text=True)
    said, log = process.communicate(timeout=60)
    assert said.split() == ["200"] * len(asked), log
    assert not (tmp_path / "data").exists()


@pytest.fixture
def database(tmp_path):
    """An empty PostgreSQL; its addresses, by those of compose.yaml."""
    data = tmp_path / "postgres"
    address = embedded.connect(data)
    try:
        owner = f"postgresql://spoolbook:{GIVEN['OWNER_PASSWORD']}@db:5432/spoolbook"
        place = f"@/{address['NAME']}?host={address['HOST']}&port={address['PORT']}"
        yield {owner: embedded.url(data), "@db:5432/spoolbook": place}
    finally:
        embedded.release(data)


class Containers:
    """The services of compose.yaml as processes of an image, with the ``database`` for db."""

    def __init__(self, image, database):
        self.image, self.database, self.services = image, database, services(**GIVEN)
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"

    def environment(self, name):
        given = self.services[name]["environment"]
        for old, new in self.database.items():
            given = {key: value.replace(old, new) for key, value in given.items()}
        return given

    def command(self, words):
        """What it says, in the container of prepare."""
        pipes = {"stdout": PIPE, "stderr": STDOUT, "text": True}
        process = self.image.run(words, self.environment("prepare"), **pipes)
        said = process.communicate()[0]
        assert process.returncode == 0, said
        return said

    @contextmanager
    def up(self, *names):
        """Their processes, by name."""
        with ExitStack() as stack:
            started = {}
            for name in names:
                words = self.services[name].get("command", self.image.command)
                log = self.image.root / f"{name}.log"
                given = [at_port(words, self.port), self.environment(name), log]
                started[name] = stack.enter_context(running(self.image, *given))
            yield started

    def is_healthy(self, name):
        [_cmd, *words] = self.services[name]["healthcheck"]["test"]
        words = [word.replace(":8000", f":{self.port}") for word in words]
        return self.image.run(words).wait() == 0


@deep
def test_the_commands_of_both_files_serve_a_farm(tmp_path, database):
    """In an empty folder, with packages of its own: everything but the engine."""
    python = tmp_path / "python" / "bin"
    subprocess.run([sys.executable, "-m", "venv", python.parent], check=True)
    bare = bare_environment() | {"PATH": f"{python}:{os.environ['PATH']}"}
    image = Image(tmp_path, bare, USER_ID=str(os.getuid())).build()
    all_of_it = Containers(image, database)
    all_of_it.command(all_of_it.services["prepare"]["command"])
    all_of_it.command(["python", "manage.py", "add_farm", "north", "--name", "North"])
    token = ["create_token", "north", "manager", "printer", "--scope", "printer"]
    token = re.search(r"spb_\S+", all_of_it.command(["python", "manage.py", *token])).group()
    with all_of_it.up("web", "worker", "sockets") as started:
        page = answer(f"{all_of_it.url}/accounts/login/", started["web"], tmp_path / "web.log")
        assert (page.status_code, "North" in page.text) == (200, True)
        assert all_of_it.is_healthy("web")
        wait_for_it(tmp_path / "sockets", SimpleNamespace(poll=lambda: None))
        path, headers = f"/d/{token}/api/v1/", {"additional_headers": PROXIED}
        with open_at(all_of_it, AT_FARM["Host"], path, **headers) as websocket:
            assert heard_nothing(websocket)
