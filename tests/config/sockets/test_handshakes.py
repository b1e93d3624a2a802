"""Handshakes: who gets a websocket, at which address, and how others are refused."""

import pytest
from django_tenants.utils import schema_context

from tenants.accounts import services
from tenants.accounts.models import DeviceToken
from tenants.farms.services import close_farm, resume_farm, suspend_farm
from tests.config.sockets.live import Device, heard, open_at, refusal
from tests.factories import PASSWORD, make_token, make_user

PATHS = (
    *("/", "/spool", "/spool/7", "/filament", "/filament/7", "/vendor", "/vendor/7"),
    *("/setting", "/setting/currency"),
)
HEALTHY = {"status": "healthy"}


@pytest.mark.parametrize("path", PATHS)
def test_a_websocket_is_opened_by_a_token_in_the_path(device, path):
    with device.open(path) as websocket:
        websocket.send("anything")
        assert heard(websocket) == [HEALTHY]


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("header", ["Authorization", "X-Api-Key"])
def test_a_websocket_is_opened_by_a_token_in_a_header(device, path, header):
    value = device.secret if header == "X-Api-Key" else f"Bearer {device.secret}"
    headers = {header: value}
    path = f"/api/v1{path}"
    with open_at(device.server, device.host, path, additional_headers=headers) as websocket:
        websocket.send("anything")
        assert heard(websocket) == [HEALTHY]


@pytest.mark.parametrize(
    "path",
    ["/setting/nope", "/spool/x", "/spools", "/spool/7/use", "/info", "/spool/", "/nothing"],
)
def test_elsewhere_there_is_no_websocket(device, path):
    status, content, _headers = refusal(device.server, device.host, f"{device.base}{path}")
    assert (status, content) == (403, {"message": "There is no websocket at this address."})


@pytest.mark.parametrize("origin", ["https://evil.example", "null"])
def test_a_page_of_another_site_gets_none(device, origin):
    status, content, _headers = refusal(
        device.server, device.host, f"{device.base}/spool", origin=origin
    )
    assert status == 403
    assert "other sites" in content["message"]


def test_a_page_of_the_same_host_gets_one(device):
    with device.open("/spool", origin=f"http://{device.host}") as websocket:
        websocket.send("anything")
        assert heard(websocket) == [HEALTHY]


@pytest.mark.parametrize("end", ["unknown", "revoked"])
def test_a_token_that_is_not_valid_is_401(device, end):
    path = device.base
    if end == "unknown":
        path = "/d/spb_unknown/api/v1"
    else:
        services.revoke_token(DeviceToken.objects.get(), by=None)
    status, content, headers = refusal(device.server, device.host, f"{path}/spool")
    assert status == 401
    assert "not valid" in content["message"]
    assert headers["WWW-Authenticate"].startswith("Basic")


def test_without_a_token_it_is_401(device):
    for path in ("/api/v1/", "/api/v1/spool"):
        assert refusal(device.server, device.host, path)[0] == 401
    assert refusal(device.server, device.host, "/api/v1/nothing/")[0] == 404


def test_a_token_of_another_scope_opens_none(live, committed_farm):
    all_of_ours = Device(live, committed_farm, scope="all")
    assert refusal(live, all_of_ours.host, f"{all_of_ours.base}/spool")[0] == 403


def test_a_token_that_only_reads_opens_one(live, committed_farm):
    reader = Device(live, committed_farm, scope="printer_read", user=make_user(role="viewer"))
    with reader.open("/spool") as websocket:
        websocket.send("anything")
        assert heard(websocket) == [HEALTHY]


def test_a_session_opens_one_on_its_own_host_alone(live, committed_farm):
    make_user(username="ida", role="viewer")
    host, browser = f"{committed_farm.slug}.localhost", live.client(committed_farm)
    browser.get("/accounts/login/")
    form = {"username": "ida", "password": PASSWORD}
    form["csrfmiddlewaretoken"] = browser.cookies["spoolbook-csrf"]
    assert browser.post("/accounts/login/", data=form).status_code == 302
    headers = {"Cookie": f"spoolbook-session={browser.cookies['spoolbook-session']}"}
    how = {"additional_headers": headers, "origin": f"http://{host}"}
    with open_at(live, host, "/api/v1/spool", **how) as websocket:
        websocket.send("anything")
        assert heard(websocket) == [HEALTHY]
    how["origin"] = "http://elsewhere.localhost"
    assert refusal(live, host, "/api/v1/spool", **how)[0] == 403


@pytest.mark.parametrize("change", [suspend_farm, close_farm])
def test_of_a_farm_that_is_closed_it_is_503(device, change):
    with schema_context("public"):
        change(device.farm, by=None)
    try:
        for base in (device.base, "/api/v1"):
            status, _content, headers = refusal(device.server, device.host, f"{base}/spool")
            assert status == 503
            assert int(headers["Retry-After"]) > 0
    finally:
        with schema_context("public"):
            resume_farm(device.farm, by=None)


def test_at_an_unknown_host_it_is_503(live):
    for path in ("/d/spb_x/api/v1/", "/api/v1/spool", "/api/v1/"):
        status, _content, headers = refusal(live, "nobody.example.com", path)
        assert status == 503
        assert int(headers["Retry-After"]) > 0


def test_a_name_that_is_led_here_gets_none(device):
    headers = {"X-Forwarded-Host": "evil.example"}
    how = {"additional_headers": headers, "origin": "http://evil.example"}
    assert refusal(device.server, device.host, f"{device.base}/spool", **how)[0] == 503


def test_without_the_process_it_is_503_and_all_else_works(server, committed_farm):
    secret = make_token(make_user(role="manager"), scope="printer")
    base, host = f"/d/{secret}/api/v1", f"{committed_farm.slug}.localhost"
    status, content, headers = refusal(server, host, f"{base}/spool")
    assert status == 503
    assert headers["Retry-After"] == "2"
    assert content["message"].startswith("Live events are not told at the moment")
    answer = server.client(committed_farm).post(f"{base}/vendor", json={"name": "Prusament"})
    assert answer.status_code == 200


@pytest.mark.parametrize("key", ["Sec-WebSocket-Version", "Sec-WebSocket-Key"])
def test_a_handshake_that_is_none_is_answered(device, key):
    given = {
        "Upgrade": "websocket",
        "Connection": "Upgrade",
        "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
    }
    given[key] = "12"
    assert device.http.get(f"{device.base}/spool", headers=given).status_code == 400
