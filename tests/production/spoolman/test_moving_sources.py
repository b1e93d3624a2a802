"""What an import reads: addresses and files, good and hostile. Each refusal is a sentence."""

import io
import ipaddress
import json
import socket
import threading
import zipfile
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from django.core.management import CommandError, call_command
from django_tenants.utils import schema_context

from inventory.models import Spool
from production.spoolman.importing import address, export_files, server, source
from production.spoolman.importing.address import Server
from production.spoolman.importing.source import NotReadable
from tests.factories import make_user
from tests.production.spoolman.sources import Spoolman, filament, spool, vendor

MAKER = vendor(1, "Ada")
OF_MAKER = filament(1, vendor=MAKER, name="Red", weight=1000.0)
SPOOLMAN = Spoolman(
    vendors=[MAKER], filaments=[OF_MAKER], spools=[spool(1, OF_MAKER, used=250.0, initial=1000.0)]
)
ROOT = "/api/v1"


class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        self.server.asked.append((self.path, self.headers.get("Authorization")))
        path = self.path.removeprefix(self.server.prefix + ROOT)
        answer = self.server.answers.get(path, self.server.otherwise)
        if callable(answer):
            answer(self)
            return
        content = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *args):
        pass


def status(code, **headers):
    def answer(handler):
        handler.send_response(code)
        for name, value in headers.items():
            handler.send_header(name, value)
        handler.end_headers()

    return answer


def endless(handler):
    handler.send_response(200)
    handler.end_headers()
    try:
        while True:
            handler.wfile.write(b" " * 65_536)
    except OSError:
        pass


def cut_off(handler):
    handler.send_response(200)
    handler.send_header("Content-Length", "100")
    handler.end_headers()
    handler.wfile.write(b"[1, 2")


@pytest.fixture
def web(settings):
    """A server on this machine, whose answers are by their paths."""
    settings.SPOOLMAN_NETWORKS = [ipaddress.ip_network("127.0.0.0/8")]
    found = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    found.answers, found.otherwise = dict(SPOOLMAN.answers), status(404)
    found.prefix, found.asked = "", []
    found.address = f"http://127.0.0.1:{found.server_port}"
    thread = threading.Thread(target=found.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    yield found
    found.shutdown()
    found.server_close()


def test_a_server_is_read(web):
    found = server.read(web.address)
    assert {entity: len(rows) for entity, rows in found.rows.items()} == {
        "vendor": 1,
        "filament": 1,
        "spool": 1,
    }
    assert found.rows["spool"][0]["filament_id"] == found.rows["filament"][0]["vendor_id"] == 1
    assert (found.place, found.version) == (web.address, "0.26.1")


def test_a_path_and_a_password_are_kept_and_not_told(web):
    web.prefix = "/d/SECRET"
    host = web.address.removeprefix("http://")
    found = server.read(f"http://me:p%40ss@{host}/d/SECRET/api/v1/")
    assert web.asked[0] == ("/d/SECRET/api/v1/info", "Basic bWU6cEBzcw==")
    assert found.place == web.address


@pytest.mark.parametrize(
    ("path", "answer", "sentence"),
    [
        ("/info", status(404), "answers /info with status 404: is it a Spoolman"),
        ("/info", b"<!DOCTYPE html><html>", "answers /info with a web page"),
        ("/info", {"version": 5}, "does not say its version"),
        ("/info", [], "does not say its version"),
        ("/info", status(302, Location="http://169.254.169.254/"), r"elsewhere \(302\)"),
        ("/info", status(401), r"asks who is there \(401\)"),
        ("/info", b"\xff\xfe\x00", "is not JSON"),
        ("/setting/", [], "settings are expected"),
        ("/field/spool", {"a": 1}, "a list of fields is expected"),
        ("/vendor", {"rows": []}, "/vendor: a list is expected, not an object"),
        ("/vendor", [7], "/vendor: row 1 is a number, not an object"),
        ("/vendor", [{"id": 1}, {"id": 1}], "several rows have the id 1"),
        ("/vendor", [{"id": "1"}], "row 1 has no usable id"),
        ("/vendor", b"[" * 100_000, "is not JSON"),
        ("/filament", b'[{"id": 1, "density": NaN}]', "is not JSON"),
        ("/filament", b'[{"id": 1, "name": "\\ud800"}]', "is not JSON"),
        ("/spool?allow_archived=true", endless, "is larger than 64 MB"),
        ("/spool?allow_archived=true", cut_off, "ends in the middle"),
    ],
)
def test_a_hostile_server_is_told_in_a_sentence(web, monkeypatch, path, answer, sentence):
    web.answers[path] = answer
    if answer is endless:
        monkeypatch.setattr(address, "MAX_BYTES", 1_000_000)
        sentence = "is larger than 0 MB"
    with pytest.raises(NotReadable, match=sentence) as refused:
        server.read(web.address)
    assert "\n" not in str(refused.value.detail)


def test_a_server_that_never_answers_ends(web, monkeypatch):
    is_over = threading.Event()
    web.answers["/vendor"] = lambda _handler: is_over.wait(30)
    monkeypatch.setattr(address, "WAIT_SECONDS", 0.2)
    with pytest.raises(NotReadable, match="takes too long"):
        server.read(web.address)
    is_over.set()


def test_a_server_that_answers_byte_by_byte_ends(web, monkeypatch):
    """Each byte comes in time, all of them don't."""
    is_over = threading.Event()

    def drip(handler):
        try:
            while not is_over.wait(0.01):
                handler.wfile.write(b"H")
        except OSError:
            pass

    web.answers["/info"] = drip
    monkeypatch.setattr(address, "SECONDS", 0.3)
    with pytest.raises(NotReadable, match="takes too long"):
        server.read(web.address)
    is_over.set()


def test_nobody_is_there(web):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        place = f"http://127.0.0.1:{free.getsockname()[1]}"
        with pytest.raises(NotReadable, match="can't be read: .*refused"):
            server.read(place)


@pytest.mark.parametrize(
    "place",
    [
        "ftp://example.com", "http://", "http:///x", "http://a b/", "http://[::1", "file:///etc",
        "http://host:99999", "http://x/\r\nHost: y", "http://host/ü", "http://user:pw@",
    ],
)  # fmt: skip
def test_what_is_no_address(place):
    with pytest.raises(NotReadable, match="no address") as refused:
        Server(place)
    assert "pw" not in str(refused.value.detail)


@pytest.mark.parametrize(
    "numbers",
    [
        "127.0.0.1", "10.1.2.3", "192.168.1.5", "169.254.169.254", "0.0.0.0", "100.64.0.1",
        "224.0.0.1", "::1", "fe80::1", "fd00::1", "::ffff:10.0.0.1", "64:ff9b::a00:1",
        "2002:a00:1::1",
    ],
)  # fmt: skip
def test_private_addresses_are_not_asked(numbers, settings, monkeypatch):
    """Whatever a name stands for: one private address among public ones is enough."""
    settings.SPOOLMAN_NETWORKS = [ipaddress.ip_network("192.168.7.0/24")]
    found = [(None, None, None, None, (each, 80)) for each in ("93.184.215.14", numbers)]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_args, **_more: found)
    with pytest.raises(NotReadable, match="SPOOLBOOK_SPOOLMAN_NETWORKS"):
        Server("http://spoolman.example.com").get("/info")


def test_networks_of_the_installation_may_be_asked(web, settings):
    settings.SPOOLMAN_NETWORKS = []
    with pytest.raises(NotReadable, match="the private address 127.0.0.1"):
        server.read(web.address)
    settings.SPOOLMAN_NETWORKS = [ipaddress.ip_network("127.0.0.1")]
    assert server.read(web.address).version


# --- Files ---------------------------------------------------------------------------------------

FILES = {
    "vendors.json": [{"id": 1, "registered": "2024-03-01 10:00:00", "name": "Ada"}],
    "filaments.json": [
        {"id": 1, "registered": "2024-03-01 10:00:00", "density": 1.24, "diameter": 1.75}
        | {"vendor_id": 1, "vendor.id": 1, "extra.f": '"x"'}
    ],
    "spools.json": [
        {"id": 1, "registered": "2024-03-01 10:00:00", "filament_id": 1, "used_weight": 10}
        | {"initial_weight": 100, "filament.id": 1, "extra.s": "1", "extra.t": None}
    ],
}


def as_bytes(**changes):
    named = {f"{name}.json": content for name, content in changes.items()}
    files = FILES | named
    return {
        name: each if isinstance(each, bytes) else json.dumps(each).encode()
        for name, each in files.items()
        if each is not None
    }


def zipped(contents, method=zipfile.ZIP_DEFLATED):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", method) as archive:
        for name, content in contents.items():
            archive.writestr(f"export/{name}", content)
    return {"all.zip": file.getvalue()}


def test_files_are_told_apart_by_their_columns():
    contents = as_bytes()
    renamed = dict(zip(("a", "b", "c"), contents.values(), strict=True))
    for found in (
        export_files.from_contents(renamed),
        export_files.from_contents(zipped(contents)),
    ):
        assert found.rows["spool"][0]["extra"] == {"s": "1"}
        assert found.rows["filament"][0]["vendor_id"] == 1
        assert found.fields is None


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"vendors": None}, "vendors.json is missing"),
        ({"vendors": b"<html>"}, "vendors.json is a web page"),
        ({"vendors": b"id,name\n1,Ada\n"}, "choose JSON, not CSV"),
        ({"vendors": b""}, "vendors.json is not JSON"),
        ({"vendors": b"\xff"}, "vendors.json is not JSON"),
        ({"vendors": 5}, "a list is expected, not a number"),
        ({"vendors": [None]}, "row 1 is null, not an object"),
        ({"other": FILES["spools.json"]}, "hold the same"),
        ({"spools": b'[{"id": 1, "used_weight": NaN}]'}, "is not JSON"),
    ],
)
def test_files_that_are_none_say_so(changes, sentence):
    with pytest.raises(NotReadable, match=sentence):
        export_files.from_contents(as_bytes(**changes))


def test_archives_that_are_none_say_so(monkeypatch):
    whole = zipped(as_bytes())["all.zip"]
    for content in (whole[:100], whole[:60] + b"\0\0\0\0" + whole[64:], b"PK\x03\x04"):
        with pytest.raises(NotReadable):
            export_files.from_contents({"all.zip": content})
    for method in (zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA):  # unpacked without a limit
        with pytest.raises(NotReadable, match="no archive"):
            export_files.from_contents(zipped(as_bytes(), method))
    monkeypatch.setattr(export_files, "MAX_BYTES", 1000)
    with pytest.raises(NotReadable, match="larger than"):
        export_files.from_contents(zipped(as_bytes(spools=b" " * 2000)))


def test_too_many_rows_are_refused(monkeypatch):
    monkeypatch.setattr(source, "MAX_ROWS", 0)
    with pytest.raises(NotReadable, match="1 rows are more than"):
        export_files.from_contents(as_bytes())


# --- The command ---------------------------------------------------------------------------------


@pytest.fixture
def command(farm):
    make_user(username="mia", role="manager")

    def run(*words):
        out = io.StringIO()
        with schema_context("public"):
            call_command("import_spoolman", "alpha", *words, stdout=out)
        return out.getvalue()

    return run


def folder(path, contents):
    for name, content in contents.items():
        (path / name).write_bytes(content)
    return str(path)


def test_the_command_imports_files_and_reports(command, tmp_path):
    place = folder(tmp_path, as_bytes())
    assert "This was a dry run" in command(place, "--by", "mia", "--dry-run")
    assert not Spool.objects.exists()
    answer = command(*(str(tmp_path / name) for name in FILES), "--by", "mia")
    assert "spools: 1 new, 0 changed, 0 there already, 0 left" in answer
    assert "compared: what is left of 1 spool is the same, 90 g" in answer
    entry = Spool.objects.get(number=1).transactions.first()
    assert entry.performed_by.username == "mia"


def test_the_command_imports_from_an_address(command, web):
    assert "spools: 1 new" in command(web.address, "--by", "mia")


def test_the_command_ends_with_1_when_rows_are_left(command, tmp_path):
    wrong = [{"id": 1, "name": "Ada"}]
    place = folder(tmp_path, as_bytes(vendors=wrong))
    with pytest.raises(CommandError, match="3 were left") as refused:
        command(place, "--by", "mia")
    assert refused.value.returncode == 1


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["/nowhere/x.json", "--by", "mia"], "/nowhere/x.json can't be read: No such file"),
        (["http://127.0.0.1:1", "--by", "mia"], "private address"),
        (["http://127.0.0.1:1", "x.json", "--by", "mia"], "one address, or files"),
        (["x.json", "--by", "Nobody"], "has no user 'Nobody'"),
    ],
)
def test_the_command_ends_with_2_when_nothing_can_be_done(command, words, sentence):
    with pytest.raises(CommandError, match=sentence) as refused:
        command(*words)
    assert refused.value.returncode == 2
