"""The command that imports a catalogue: from a file or an address, good or not."""

import json
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django_tenants.utils import schema_context

from inventory.services.tables import catalogue_source
from tests.inventory.entries import GOOD, entry
from tests.inventory.tables import import_entries

pytestmark = pytest.mark.usefixtures("farm")


def written(tmp_path, content):
    path = tmp_path / "filaments.json"
    path.write_text(content if isinstance(content, str) else json.dumps(content))
    return str(path)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "is empty"),
        (json.dumps([GOOD])[:-30], "cut off"),
        ("name,colour\nRed,FF0000\n", "is not JSON"),
        ("<!DOCTYPE html><html></html>", "web page"),
        ("[" * 100_000, "nested too deeply"),
        ({"filaments": [GOOD]}, "holds one object, not a list"),
        ("12", "not a list"),
    ],
)
def test_a_file_that_is_no_catalogue_says_what_is_wrong(tmp_path, content, message):
    with pytest.raises(catalogue_source.UnusableCatalogue, match=message):
        catalogue_source.read(written(tmp_path, content))


def test_absent_files_folders_and_other_addresses_say_so(tmp_path):
    for place, message in [
        (str(tmp_path / "no.json"), "does not exist"),
        (str(tmp_path), "is a folder"),
        ("ftp://example.org/x.json", "only http and https"),
        ("http://127.0.0.1:9/x.json", "can't be reached"),
    ]:
        with pytest.raises(catalogue_source.UnusableCatalogue, match=message):
            catalogue_source.read(place)


def test_a_file_is_read_to_a_limit_only(tmp_path, monkeypatch):
    monkeypatch.setattr(catalogue_source, "MAX_BYTES", 10)
    with pytest.raises(catalogue_source.UnusableCatalogue, match="larger than"):
        catalogue_source.read(written(tmp_path, [GOOD]))


def test_numbers_no_machine_can_hold_spoil_their_own_entry_only(tmp_path):
    digits = "9" * 5000
    content = (
        f'[{{"id": "a", "weight": {digits}}}, {{"id": "b", "density": 1e99999999999999999999}}]'
    )
    read = catalogue_source.read(written(tmp_path, content))
    assert len(import_entries(read, by=None).refused) == 2


class Catalogue(BaseHTTPRequestHandler):
    def do_GET(self):
        found = self.path == "/filaments.json"
        self.send_response(200 if found else 404)
        self.end_headers()
        self.wfile.write(json.dumps([GOOD]).encode() if found else b"")

    def log_message(self, *args):
        pass


@pytest.fixture
def address():
    server = HTTPServer(("127.0.0.1", 0), Catalogue)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def test_a_catalogue_is_read_from_an_address(address):
    assert catalogue_source.read(f"{address}/filaments.json")[0]["id"] == GOOD["id"]


def test_an_address_without_a_catalogue_says_what_it_answered(address):
    with pytest.raises(catalogue_source.UnusableCatalogue, match="404"):
        catalogue_source.read(f"{address}/gone.json")


# --- The command -------------------------------------------------------------------------------


@pytest.fixture
def command():
    def run(*words):
        out, err = StringIO(), StringIO()
        code = 0
        try:
            with schema_context("public"):
                call_command("import_filaments", *words, stdout=out, stderr=err)
        except CommandError as error:
            code = error.returncode
        return code, out.getvalue() + err.getvalue()

    return run


def test_the_command_imports_and_ends_with_0(command, tmp_path):
    code, message = command("alpha", written(tmp_path, [GOOD]))
    assert (code, "1 created" in message) == (0, True)


def test_the_command_names_what_it_refused_and_ends_with_1(command, tmp_path):
    code, message = command("alpha", written(tmp_path, [GOOD, entry(id="bad", density=0)]))
    assert code == 1
    assert "entry 2 (id 'bad'): density" in message
    assert "1 created" in message


@pytest.mark.parametrize("words", [("alpha", "/no/file.json"), ("nobody", "/no/file.json")])
def test_the_command_ends_with_2_when_nothing_can_be_done(command, words):
    assert command(*words)[0] == 2
