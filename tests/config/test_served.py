"""What only the program as it is served can show: several processes, sockets, headers."""

import itertools
import json
import re
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from tenants.accounts.models import Attempt, DeviceToken, User
from tenants.accounts.services import deactivate, revoke_token, set_password
from tenants.farms import services
from tests.config.served import V1, answer_to_head, get_anew, raw, signed
from tests.factories import PASSWORD, make_token, make_user
from tests.serving import NO_CERTIFICATES, serving

# --- Bodies --------------------------------------------------------------------------------------


def test_a_body_that_is_too_large_is_refused_before_it_is_sent(server, committed_farm, token):
    head = (
        f"POST {V1}locations/ HTTP/1.1\r\nAuthorization: Token {token}\r\n"
        "Content-Type: application/json\r\nContent-Length: 9000000000"
    )
    answer = raw(server, committed_farm, head, b"{").decode()
    assert answer.startswith("HTTP/1.1 413 ")
    assert '"limit_bytes": 6291456, "length_bytes": 9000000000' in answer


@pytest.mark.parametrize(
    ("path", "more", "status", "sentence"),
    [
        (f"{V1}locations/", "Authorization: Token spb_made-up", 401, "This token is not valid."),
        (f"{V1}locations/", "Cookie: sessionid=made-up", 401, "not_authenticated"),
        ("/floor/receive/", "Cookie: sessionid=made-up", 413, "at most 16384 bytes: sign in"),
        ("/admin/inventory/spool/import/", "Cookie: a=b", 413, "at most 16384 bytes: sign in"),
    ],
)
def test_a_long_body_of_a_made_up_token_or_cookie_is_not_received(
    server, committed_farm, path, more, status, sentence
):
    answer = answer_to_head(server, committed_farm, path, more)
    assert answer.startswith(f"HTTP/1.1 {status} ")
    assert sentence in answer


def test_a_long_body_of_a_token_is_asked_for_after_the_permission(server, committed_farm, token):
    known = f"Authorization: Token {token}\r\nExpect: 100-continue"
    answer = answer_to_head(server, committed_farm, f"{V1}locations/", known)
    assert answer == "HTTP/1.1 100 Continue\r\n\r\n"
    viewer = make_token(make_user(role="viewer"))
    of_viewer = f"Authorization: Token {viewer}"
    answer = answer_to_head(server, committed_farm, f"{V1}locations/", of_viewer)
    assert answer.startswith("HTTP/1.1 403 ")


def test_a_body_in_chunks_is_refused_with_what_to_do(at_farm, token):
    def chunks():
        yield b'{"name": "Shelf"}'

    headers = {**signed(token), "Content-Type": "application/json"}
    answer = at_farm.post(f"{V1}locations/", headers=headers, content=chunks())
    assert (answer.status_code, answer.json()["code"]) == (411, "length_required")


def test_a_head_has_no_body_and_the_next_request_is_answered(at_farm, token):
    for path in (f"{V1}me/", "/accounts/login/"):
        read = at_farm.get(path, headers=signed(token))
        head = at_farm.head(path, headers=signed(token))
        assert (head.status_code, head.content) == (read.status_code, b"")
        assert head.headers["Content-Type"] == read.headers["Content-Type"]


@pytest.mark.parametrize("kind", ["a/b; charset=hex", "a/b; x*=nope''A"])
def test_a_type_that_can_not_be_read_is_no_fault_of_ours(at_farm, kind):
    answer = at_farm.get("/?page=1", headers={"Content-Type": kind})
    assert answer.status_code in (302, 400)


# --- Compression ---------------------------------------------------------------------------------


def test_what_is_read_is_compressed_and_its_version_still_counts(at_farm, token):
    headers = signed(token)
    body = {
        "items": [],
        "materials": [{"planned_grams": 5, "filament": _a_filament(at_farm, token)}],
    }
    run = at_farm.post(f"{V1}production-runs/", headers=headers, json=body).json()
    path = f"{V1}production-runs/{run['id']}/"
    read = at_farm.get(path, headers=headers)
    assert (read.headers["Content-Encoding"], read.headers["ETag"]) == ("gzip", 'W/"1"')
    for number, tag in enumerate(['W/"1"', '"2-gzip"', '"3;br"', 'W/"4", "17"'], 1):
        change = {"notes": str(number)}
        answer = at_farm.patch(path, headers={**headers, "If-Match": tag}, json=change)
        assert answer.status_code == 200, tag
        assert "Content-Encoding" not in answer.headers
    stale = at_farm.patch(path, headers={**headers, "If-Match": 'W/"1-gzip"'}, json={"notes": "x"})
    assert (stale.status_code, stale.json()["version"]) == (412, 5)


def _a_filament(client, token):
    kind = {"code": "PLA", "name": "PLA", "density_g_cm3": "1.24"}
    client.post(f"{V1}material-types/", headers=signed(token), json=kind)
    body = {"name": "Black", "material_type_code": "PLA", "net_grams": 1000, "color_hex": "000000"}
    return client.post(f"{V1}filaments/", headers=signed(token), json=body).json()["id"]


def test_pages_and_new_tokens_are_not_compressed(at_farm, committed_farm, token):
    page = at_farm.get(V1, headers={**signed(token), "Accept": "text/html"})
    assert page.status_code == 200
    form = {"username": "mona", "password": PASSWORD, "name": "x" * 90, "scope": "read"}
    made = at_farm.post(f"{V1}tokens/", json=form)
    assert made.status_code == 201
    for answer in (page, made, at_farm.get("/accounts/login/")):
        assert "Content-Encoding" not in answer.headers
        assert answer.headers["Server"] == "gunicorn"  # and not which


# --- How often -----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def limiting(django_db_setup, django_db_blocker, tmp_path_factory):
    """A server with low limits."""
    rates = {"SPOOLBOOK_API_RATE": "20", "SPOOLBOOK_SIGN_IN_RATE": "10"}
    with django_db_blocker.unblock(), serving(tmp_path_factory.mktemp("limits"), **rates) as server:
        yield server


def test_a_token_has_so_many_requests_a_minute_whichever_process_answers(
    limiting, committed_farm, token
):
    answers = get_anew(limiting, committed_farm, f"{V1}me/", signed(token), times=60)
    answered = [answer for answer in answers if answer.status_code == 200]
    # Should a minute end meanwhile, there are twice as many.
    assert 20 <= len(answered) <= 44
    refused = next(answer for answer in answers if answer.status_code == 429)
    assert refused.headers["Content-Type"] == "application/problem+json"
    assert refused.json()["limit"] == 20
    assert 1 <= int(refused.headers["Retry-After"]) <= 60
    assert refused.json()["retry_after_seconds"] == int(refused.headers["Retry-After"])
    other = make_token(User.objects.get(username="mona"))
    [free] = get_anew(limiting, committed_farm, f"{V1}me/", signed(other), times=1)
    assert free.status_code == 200


@pytest.mark.parametrize("interface", ["api", "page"])
def test_tries_at_passwords_are_counted_by_all_processes_together(
    limiting, committed_farm, interface
):
    def attempt(number):
        with limiting.client(committed_farm) as client:
            return _try(client, interface, f"somebody-{number}")

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(attempt, range(24)))
    codes = [answer.status_code for answer in answers]
    # The window begins with the first try: exact, however the processes share the rest.
    assert codes.count(429) == 14
    refused = next(answer for answer in answers if answer.status_code == 429)
    assert 1 <= int(refused.headers["Retry-After"]) <= 60
    assert not Attempt.objects.filter(whose__contains="somebody").exists()


def _try(client, interface, name):
    body = {"username": name, "password": "wrong"}
    if interface == "api":
        return client.post(f"{V1}tokens/", json={**body, "name": "x", "scope": "read"})
    page = client.get("/accounts/login/")
    secret = re.search(r'csrfmiddlewaretoken" value="(\w+)"', page.text).group(1)
    form = {**body, "csrfmiddlewaretoken": secret}
    answer = client.post("/accounts/login/", data=form)
    if answer.status_code == 429:
        assert f'value="{name}"' in answer.text
        assert "try again in" in answer.text
    return answer


# --- What ends at once ---------------------------------------------------------------------------


def test_a_revoked_token_is_no_token_in_any_process(server, committed_farm, token):
    before = get_anew(server, committed_farm, f"{V1}me/", signed(token))
    assert {answer.status_code for answer in before} == {200}
    revoke_token(DeviceToken.objects.get(), by=None)
    after = get_anew(server, committed_farm, f"{V1}me/", signed(token))
    assert {answer.status_code for answer in after} == {401}


def test_who_is_deactivated_is_out_with_tokens_and_sessions(server, committed_farm, token):
    user = User.objects.get(username="mona")
    session = _session(server, committed_farm, "mona")
    for headers in (signed(token), session):
        answers = get_anew(server, committed_farm, f"{V1}me/", headers)
        assert {answer.status_code for answer in answers} == {200}
    deactivate(user, by=None)
    for headers in (signed(token), session):
        answers = get_anew(server, committed_farm, f"{V1}me/", headers)
        assert {answer.status_code for answer in answers} == {401}


def test_a_new_password_ends_sessions_and_may_leave_tokens(server, committed_farm, token):
    session, user = _session(server, committed_farm, "mona"), User.objects.get(username="mona")
    set_password(user, password="another-one-8", by=None, end_tokens=False)
    codes = {
        name: {a.status_code for a in get_anew(server, committed_farm, f"{V1}me/", headers)}
        for name, headers in {"token": signed(token), "session": session}.items()
    }
    assert codes == {"token": {200}, "session": {401}}


def test_a_suspended_farm_is_gone_at_once_and_back_when_it_is_resumed(
    server, committed_farm, token
):
    """In every process."""
    get_anew(server, committed_farm, f"{V1}me/", signed(token))
    services.suspend_farm(committed_farm, by=None)
    gone = get_anew(server, committed_farm, f"{V1}me/", signed(token))
    assert {answer.status_code for answer in gone} == {404}
    services.resume_farm(committed_farm, by=None)
    back = get_anew(server, committed_farm, f"{V1}me/", signed(token))
    assert {answer.status_code for answer in back} == {200}


def _session(server, farm, username):
    with server.client(farm) as client:
        page = client.get("/accounts/login/")
        secret = re.search(r'csrfmiddlewaretoken" value="(\w+)"', page.text).group(1)
        form = {"username": username, "password": PASSWORD, "csrfmiddlewaretoken": secret}
        assert client.post("/accounts/login/", data=form).status_code == 302
        return {"Cookie": f"spoolbook-session={client.cookies['spoolbook-session']}"}


# --- Hosts ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "host", ["localhost", "nobody.localhost", "127.0.0.1", "a_b", "évil", "x" * 300]
)
def test_where_there_is_no_farm_there_is_no_api_and_never_a_500(server, host):
    methods = ["GET", "POST", "PUT", "DELETE", "OPTIONS", "HEAD"]
    paths = [V1, f"{V1}me/", f"{V1}nothing/", "/api/", "/admin/", "/s/X/", "/"]
    there = httpx.Client(
        base_url=server.url, headers={"Host": host.encode()}, verify=NO_CERTIFICATES
    )
    for path, method in itertools.product(paths, methods):
        answer = there.request(method, path)
        assert answer.status_code < 500, (path, method)
        if path.startswith("/api/"):
            assert answer.status_code in (400, 404), (path, method)
            if method != "HEAD" and answer.status_code == 404:
                assert answer.headers["Content-Type"] == "application/problem+json"
                assert answer.json()["code"] == "not_found"


# --- Around it -----------------------------------------------------------------------------------


def test_the_web_servers_own_lines_are_json_too(server):
    lines = server.log.read_text().splitlines()
    assert "Starting gunicorn" in json.loads(lines[0])["message"]
    assert not [line for line in lines if line.startswith("[")]


def test_a_form_from_another_address_is_told_what_the_proxy_has_to_say(at_farm, committed_farm):
    answer = at_farm.post(
        "/accounts/login/", data={"username": "x"}, headers={"Origin": "https://a.example"}
    )
    assert answer.status_code == 403
    message = (
        f"sent from https://a.example, but the address of this site is http://{committed_farm.slug}"
    )
    assert message in answer.text


def test_a_form_without_its_token_says_how_to_send_it_again(at_farm):
    answer = at_farm.post("/accounts/login/", data={"username": "x"})
    assert (answer.status_code, "Load the page again" in answer.text) == (403, True)
