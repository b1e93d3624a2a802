"""A request that did not arrive as a whole has no effect, whoever reads its body."""

import io
import logging
from urllib.parse import urlencode

import pytest
from django.test.client import BOUNDARY, MULTIPART_CONTENT, encode_multipart

from inventory.models import InventoryTransaction, Location, Spool
from production.models import ProductionRun
from tenants.accounts.models import Attempt, AuditEvent, DeviceToken, IdempotencyKey
from tenants.jobs.models import Job
from tests.factories import PASSWORD, a_filament, a_run, a_spool
from tests.responses import done, refused

LOCATIONS = "/api/v1/locations/"
FORM = "application/x-www-form-urlencoded"
JSON = "application/json"
KEY = {"headers": {"Idempotency-Key": "k-1"}}


class Stream:
    """What a server reads: the bytes that came, in pieces, then the end or an error."""

    def __init__(self, arrived, piece=7, error=None):
        self.rest, self.piece, self.error, self.is_closed = arrived, piece, error, False

    def read(self, size):
        if not self.rest and self.error:
            raise self.error
        size = min(size, self.piece)
        data, self.rest = self.rest[:size], self.rest[size:]
        return data

    readline = read

    def force_close(self):
        self.is_closed = True


def send(client, path, body, kind=JSON, *, lost=1, method="POST", stream=None, **extra):
    """Send a body whose last ``lost`` bytes do not arrive."""
    body = body if isinstance(body, bytes) else body.encode()
    stream = stream or Stream(body[: len(body) - lost])
    extra |= {"wsgi.input": stream, "CONTENT_LENGTH": str(len(body))}
    return client.generic(method, path, body, content_type=kind, **extra)


def refused_as_incomplete(answer, announced, received):
    problem = refused(answer, 400, "incomplete_body")
    assert (problem["announced_bytes"], problem["received_bytes"]) == (announced, received)
    return problem


# --- The API -------------------------------------------------------------------------------------


@pytest.mark.parametrize("lost", [1, 5, 17])
def test_json_that_is_cut_has_no_effect_and_keeps_no_key(api, lost):
    body = '{"name": "Shelf"}'
    problem = refused_as_incomplete(send(api, LOCATIONS, body, lost=lost, **KEY), 17, 17 - lost)
    assert f"{17 - lost} of 17 bytes arrived" in problem["detail"]
    assert not Location.objects.exists()
    assert not IdempotencyKey.objects.exists()
    assert send(api, LOCATIONS, body, lost=0, **KEY).status_code == 201
    assert IdempotencyKey.objects.count() == 1


def test_json_that_is_whole_where_more_was_announced_has_no_effect(api):
    refused_as_incomplete(send(api, LOCATIONS, '{"name": "Shelf"}     ', lost=5), 22, 17)
    assert not Location.objects.exists()


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE"])
def test_no_verb_acts_on_half_a_body(api, method):
    row = done(api.post(LOCATIONS, {"name": "Shelf"}), 201)
    path = f"{LOCATIONS}{row['id']}/"
    refused_as_incomplete(send(api, path, '{"name": "Box"}  ', method=method), 17, 16)
    assert done(api.get(path)) == row
    assert AuditEvent.objects.count() == 1


def test_a_table_that_is_cut_is_not_imported(api):
    a_filament("Red", net_grams=1000)
    table = "name,initial_grams\n" + "Red,750\n" * 40
    refused_as_incomplete(
        send(api, "/api/v1/spools/import/", table, "text/csv", lost=129, **KEY), 339, 210
    )
    assert not Spool.objects.exists()
    assert not IdempotencyKey.objects.exists()
    done(send(api, "/api/v1/spools/import/", table, "text/csv", lost=0, **KEY))
    assert Spool.objects.count() == 40


def test_an_action_that_reads_no_body_does_not_act(api):
    run = a_run((a_spool(1000), 10))
    path = f"/api/v1/production-runs/{run.pk}/cancel/"
    refused_as_incomplete(send(api, path, "{}", lost=2), 2, 0)
    assert ProductionRun.objects.get().status == "planned"
    done(send(api, path, "{}", lost=0))


def test_no_token_is_made_and_no_try_is_counted(api_client, manager):
    body = f'{{"username": "mona", "password": "{PASSWORD}", "name": "x", "scope": "all"}}'
    for sent in (body, body.replace(PASSWORD, "wrong")):
        refused(send(api_client, "/api/v1/tokens/", sent), 400, "incomplete_body")
    assert not DeviceToken.objects.exists()
    assert not Attempt.objects.exists()


def test_a_body_of_a_get_must_be_whole_too(api):
    refused_as_incomplete(send(api, LOCATIONS, "{}", method="GET"), 2, 1)
    assert send(api, LOCATIONS, "{}", method="GET", lost=0).status_code == 200


def test_who_may_not_is_refused_before_the_body_is_awaited(api_client, viewer):
    unread = Stream(b"", error=AssertionError("read"))
    refused(send(api_client, LOCATIONS, "{}", stream=unread), 401, "not_authenticated")
    api_client.force_authenticate(viewer)
    refused(send(api_client, LOCATIONS, "{}", stream=unread), 403, "permission_denied")
    refused(send(api_client, "/api/v1/nothing/", "{}", stream=unread), 404, "not_found")
    assert send(api_client, "/nothing/", "{}", stream=unread).status_code == 404
    large = {"CONTENT_LENGTH": "9000000", "wsgi.input": unread}
    answer = api_client.generic("POST", LOCATIONS, "{}", content_type=JSON, **large)
    refused(answer, 413, "too_large")


# --- Pages ---------------------------------------------------------------------------------------


def test_a_floor_form_that_is_cut_is_no_count(at_admin):
    spool = a_spool(1000)
    path, form = f"/floor/spools/{spool.pk}/weigh/", "gross_grams=358.4"
    before = InventoryTransaction.objects.count()
    answer = send(at_admin, path, form, FORM, lost=3)
    assert answer.status_code == 400
    assert "Nothing was changed" in answer.content.decode()
    assert "14 of 17 bytes arrived" in answer.content.decode()
    assert InventoryTransaction.objects.count() == before
    assert send(at_admin, path, f"{form}&confirm=on", FORM, lost=0).status_code == 303
    assert InventoryTransaction.objects.count() == before + 1


def test_an_admin_form_that_is_cut_changes_nothing(as_manager):
    path, form = "/admin/inventory/location/add/", "name=Shelf&comment=dry"
    assert send(as_manager, path, form, FORM).status_code == 400
    assert not Location.objects.exists()
    assert send(as_manager, path, form, FORM, lost=0).status_code == 302
    assert Location.objects.get().comment == "dry"


@pytest.mark.parametrize("lines", [40, 200_000])
def test_a_file_is_looked_at_as_a_whole_or_not_at_all(at_admin, lines):
    """Beyond 1 MiB it is a temporary file, and beyond 1,000 lines the work of a job."""
    table = io.BytesIO(b"name,material,density_g_cm3\n" + b"Sky,PLA,1.24\n" * lines)
    table.name = "table.csv"
    body = encode_multipart(BOUNDARY, {"file": table})
    path = "/admin/inventory/filament/import/"
    half = Stream(body[: len(body) // 2], piece=65_536)
    assert send(at_admin, path, body, MULTIPART_CONTENT, stream=half).status_code == 400
    assert not Job.objects.exists()
    whole = Stream(body, piece=65_536)
    status = send(at_admin, path, body, MULTIPART_CONTENT, stream=whole).status_code
    assert (status, Job.objects.count()) == ((302, 1) if lines > 1000 else (200, 0))


def test_nobody_is_signed_in_by_half_a_form(farm_client, manager):
    form = urlencode({"username": "mona", "password": PASSWORD})
    answer = send(farm_client, "/accounts/login/", form + "&next=/floor/", FORM, lost=6)
    assert (answer.status_code, farm_client.session.keys()) == (400, set())
    assert send(farm_client, "/accounts/login/", form, FORM, lost=0).status_code == 302


# --- The stream ----------------------------------------------------------------------------------


def test_the_log_has_one_line_and_the_server_is_asked_to_close(api, caplog):
    stream = Stream(b'{"name"')
    with caplog.at_level(logging.INFO):
        send(api, LOCATIONS, '{"name": "Shelf"}', stream=stream)
    line = f"Incomplete body: 7 of 17 bytes arrived for POST {LOCATIONS}"
    assert [record.getMessage() for record in caplog.records] == [line]
    assert stream.is_closed


@pytest.mark.parametrize("error", [ConnectionResetError(), TimeoutError()])
def test_a_connection_that_breaks_is_the_end_of_the_body(api, error):
    stream = Stream(b'{"name"', error=error)
    refused_as_incomplete(send(api, LOCATIONS, '{"name": "Shelf"}', stream=stream), 17, 7)


def test_what_comes_after_the_body_is_not_of_it(api):
    stream = Stream(b'{"name": "Shelf"}POST / HTTP/1.1\r\n', piece=1000)
    assert send(api, LOCATIONS, '{"name": "Shelf"}', stream=stream).status_code == 201
    assert stream.rest == b"POST / HTTP/1.1\r\n"
    assert not stream.is_closed


@pytest.mark.parametrize("length", ["-1", "+2", "1_0", "2.0", "x", "9" * 5000])
def test_a_length_that_is_no_number_is_refused(api, length):
    answer = api.generic("POST", LOCATIONS, "{}", content_type=JSON, CONTENT_LENGTH=length)
    refused(answer, 400, "unreadable")


@pytest.mark.parametrize("length", ["0", ""])
def test_no_length_is_no_body(api, length):
    stream = Stream(b"", error=AssertionError("read"))
    extra = {"wsgi.input": stream, "CONTENT_LENGTH": length}
    answer = api.generic("POST", LOCATIONS, "", content_type=JSON, **extra)
    assert list(refused(answer, 400, "invalid")["errors"]) == ["name"]
