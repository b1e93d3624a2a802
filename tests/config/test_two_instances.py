"""Two web servers on one database, each with folders of its own, as on two machines: what is begun
at one goes on at the other."""

import re
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from types import SimpleNamespace
from urllib.parse import urlsplit

import pytest

from inventory.models import Filament, Location, Spool
from production.models import Picture, SlicedFile
from tenants.accounts import devices, floor_sessions, pins
from tenants.accounts.models import Attempt, PinTries, User
from tenants.farms import nightly
from tenants.live import listeners
from tests.config.served import V1, signed
from tests.config.sockets.live import Device, heard, holding
from tests.conftest import program_of, work_off
from tests.factories import PASSWORD, a_spool, make_user
from tests.production.pictures.samples import file_of, halves
from tests.production.slicing import samples
from tests.serving import ROOT, serving

FLOOR_SPOOLS = "/floor/spools/"
IMPORT = "/admin/inventory/filament/import/"
TABLE = b"name,material,density_g_cm3\nSky,PLA,1.24\n"
FIELD = re.compile(r"<input[^>]*>")


@pytest.fixture(scope="module")
def second(django_db_setup, django_db_blocker, tmp_path_factory):
    """Another web server with the process of websockets, whose data folder is empty."""
    folder = tmp_path_factory.mktemp("second")
    data = {"SPOOLBOOK_DATA": str(folder / "data"), "SPOOLBOOK_BACKUPS": str(folder / "backups")}
    sockets = {"SPOOLBOOK_SOCKETS": str(folder / "sockets")}
    with django_db_blocker.unblock(), ExitStack() as stack:
        stack.enter_context(holding(folder, **data))
        flags = ["--workers=1"]
        web = stack.enter_context(serving(folder, *flags, **data, **sockets))
        yield SimpleNamespace(**vars(web), folder=folder)


@pytest.fixture
def here(server, committed_farm):
    with server.client(committed_farm) as client:
        yield client


@pytest.fixture
def there(second, committed_farm, here):
    """The same browser at the other one."""
    with second.client(committed_farm) as client:
        client.cookies = here.cookies.jar
        yield client


def fields_of(page):
    """What the last form of a page has in its hidden fields."""
    tags = [dict(re.findall(r'([\w-]+)="([^"]*)"', tag)) for tag in FIELD.findall(page)]
    hidden = [tag for tag in tags if tag.get("type") == "hidden"]
    return {tag["name"]: tag["value"] for tag in hidden if {"name", "value"} <= tag.keys()}


def sign_in(client, username="mona", password=PASSWORD):
    form = fields_of(client.get("/accounts/login/").text)
    return client.post(
        "/accounts/login/", data={**form, "username": username, "password": password}
    )


@pytest.fixture
def signed_in(here, committed_farm):
    user = make_user(role="manager", username="mona")
    assert sign_in(here).status_code == 302
    return user


# --- Sessions and forms --------------------------------------------------------------------------


def test_who_signs_in_at_one_works_at_the_other_and_is_signed_out_at_both(here, there, signed_in):
    spool = a_spool(1000)
    page = there.get(f"{FLOOR_SPOOLS}{spool.pk}/weigh/")
    assert page.status_code == 200
    form = {**fields_of(page.text), "gross_grams": "1190"}
    answers = [at.post(f"{FLOOR_SPOOLS}{spool.pk}/weigh/", data=form) for at in (here, there)]
    assert {answer.status_code for answer in answers} == {303}
    assert spool.transactions.filter(performed_by=signed_in).count() == 1  # sent once
    out = there.post("/accounts/logout/", data=fields_of(here.get("/admin/").text))
    assert out.status_code == 302
    assert here.get("/admin/").status_code == 302


def test_a_table_is_looked_at_at_one_and_imported_at_the_other(here, there, signed_in):
    form = fields_of(here.get(IMPORT).text)
    seen = here.post(IMPORT, data=form, files={"file": ("table.csv", TABLE)})
    assert not Filament.objects.exists()
    create = re.findall(r'name="create" value="([^"]*)"', seen.text)
    form = {**fields_of(seen.text), "create": create, "_do": "Import"}
    for at in (there, here):
        assert "table.csv is imported" in at.post(IMPORT, data=form).text
    assert Filament.objects.get().name == "Sky"


def test_a_pin_is_tried_so_often_at_both_together(here, there, committed_farm):
    """With as many threads as there are tries, all of them at once."""
    otto = pins.set_pin(make_user(role="operator", name="Otto"), pin="8362", by=None)
    _device, secret = devices.register(name="Door", by=otto)
    here.cookies.set(floor_sessions.COOKIE, secret)
    form = {**fields_of(here.get("/floor/who/").text), "person": otto.pk, "pin": "1793"}
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda at: at.post("/floor/who/", data=form), [here, there] * 4))
    told = ["wrong PINs: wait until" in answer.text for answer in answers]
    assert told.count(False) == PinTries.LIMIT
    right = there.post("/floor/who/", data={**form, "pin": "8362"})
    assert "wrong PINs: wait until" in right.text


def test_tries_at_passwords_are_counted_at_both_together(here, there, committed_farm):
    def attempt(number):
        body = {"username": f"n{number}", "password": "x", "name": "x", "scope": "read"}
        return (here, there)[number % 2].post(f"{V1}tokens/", json=body).status_code

    with ThreadPoolExecutor(8) as pool:
        codes = list(pool.map(attempt, range(40)))
    assert (codes.count(401), codes.count(429)) == (30, 10)
    assert max(Attempt.objects.filter(whose__startswith="address").values_list("count")) == (40,)


# --- Programs ------------------------------------------------------------------------------------


def test_a_request_with_a_key_has_its_effect_once_wherever_it_is_sent_again(here, there, token):
    headers = {**signed(token), "Idempotency-Key": "shelf"}
    first, again = (
        at.post(f"{V1}locations/", headers=headers, json={"name": "Shelf"}) for at in (here, there)
    )
    assert first.status_code == again.status_code == 201
    assert (again.json(), again.headers["Idempotency-Replayed"]) == (first.json(), "true")
    assert Location.objects.count() == 1


def test_a_sliced_file_and_its_picture_are_there_at_the_other(here, there, token):
    picture = file_of(halves(90, 60), "PNG")
    shown = samples.thumbnail(300, 200)
    text = samples.PRUSA.replace(shown, samples.thumbnail(300, 200, picture))
    headers = {
        **signed(token),
        "Content-Type": "application/octet-stream",
        "Content-Disposition": 'attachment; filename="Hook.gcode"',
    }
    made = here.post(f"{V1}sliced-files/", headers=headers, content=text.encode())
    assert made.status_code == 201
    read = there.get(f"{V1}sliced-files/{SlicedFile.objects.get().pk}/", headers=signed(token))
    assert read.json() == made.json()
    address = f"{V1}pictures/{Picture.objects.get().sha256}/"
    assert there.get(address, headers=signed(token)).content[8:12] == b"WEBP"


def test_a_file_that_a_job_has_made_is_downloaded_from_the_other(
    here, there, token, committed_farm
):
    Location.objects.create(name="Shelf")
    prefer = {**signed(token), "Prefer": "respond-async", "Accept": "text/csv"}
    begun = here.get(f"{V1}locations/?search=shelf", headers=prefer)
    assert begun.status_code == 202
    address = urlsplit(begun.headers["Location"]).path
    assert there.get(address, headers=signed(token)).json()["status"] == "waiting"
    work_off(committed_farm)
    answer = there.get(f"{address}result/", headers={**signed(token), "Accept": "text/csv"})
    assert "Shelf" in answer.text


def test_what_is_revoked_at_one_is_refused_at_the_other(here, there, token):
    assert there.get(f"{V1}me/", headers=signed(token)).status_code == 200
    [mine] = here.get(f"{V1}tokens/", headers=signed(token)).json()["results"]
    here.delete(f"{V1}tokens/{mine['id']}/", headers=signed(token))
    assert there.get(f"{V1}me/", headers=signed(token)).status_code == 401


def test_what_changes_elsewhere_is_told_by_the_websockets_of_the_other(
    second, committed_farm, settings, tmp_path
):
    """The test is the web server elsewhere: it has not asked yet whether anybody listens."""
    settings.SOCKETS = tmp_path
    device, spool = Device(second, committed_farm), a_spool(1000)
    listeners.forget()
    with device.open("/spool") as websocket:
        program = program_of(committed_farm, device.user)
        answer = program.post(f"{V1}spools/{spool.pk}/use/", {"grams": 5})
        assert answer.status_code == 200, answer.content
        assert [each["payload"]["id"] for each in heard(websocket)] == [spool.number]
    listeners.forget()


# --- Files ---------------------------------------------------------------------------------------


def test_a_backup_is_downloaded_where_its_folder_is_shared_and_named_elsewhere(
    here, there, second, signed_in, committed_farm, settings
):
    settings.BACKUPS = second.folder / "backups"
    backup = nightly.run(committed_farm)
    address = f"/admin/accounts/backup/{backup.pk}/file/"
    assert there.get(address).headers["Content-Type"] == "application/gzip"
    lost = here.get(address, follow_redirects=True)
    assert f"The file {backup.file} is not in its folder." in lost.text


def test_a_web_server_keeps_nothing_in_its_data_folder(second, there, committed_farm):
    assert there.get("/accounts/login/").status_code == 200
    assert not (second.folder / "data").exists()
    assert User.objects.exists()
    assert not Spool.objects.exists()


def test_nothing_is_kept_in_djangos_cache():
    """Which each process has for itself."""
    folders = ("config", "tenants", "inventory", "production")
    found = [path for folder in folders for path in (ROOT / folder).rglob("*.py")]
    named = [path.name for path in found if "django.core.cache" in path.read_text()]
    assert named == ["settings.py"]
