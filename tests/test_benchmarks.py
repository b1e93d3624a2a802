"""The benchmarks that count rather than measure, the farms that the others measure on, and each row
of the table at a tiny size."""

import copy
import re
import sys
from decimal import Decimal
from types import SimpleNamespace

import pytest
from django.conf import settings
from django.db import connection, transaction
from django_tenants.utils import tenant_context

from benchmarks import (
    api,
    call_path,
    exports,
    farm,
    farm_copies,
    machine,
    making,
    many_farms,
    page,
    rows,
    size,
    transfers,
)
from benchmarks.load import message
from benchmarks.workloads import API, GROWTH, VARIANCE
from inventory.models import Spool
from production.models import ProductionRun
from production.services import invariants
from tests.conftest import FarmClient, go_out, rolled_back
from tests.factories import a_run

REPLAYED = "benchmarks.replayed_statements"


@pytest.mark.parametrize(
    ("source", "path", "expected"),
    [
        ("inventory/models/spools.py", "production/models/runs.py", True),
        ("production/services/moves.py", "inventory/services/ledger.py", False),
        ("production/services/moves.py", "production/api/verbs.py", True),
        ("production/api/verbs.py", "production/services/moves.py", False),
        ("tenants/accounts/models/people.py", "tenants/api/views.py", True),
        ("tenants/hosts.py", "tenants/api/views.py", False),  # of no layer
    ],
)
def test_a_climb_goes_to_a_higher_package_or_layer(source, path, expected):
    assert call_path.is_climb(source, path) is expected


def test_calls_are_counted_by_the_nearest_file_of_the_project(tmp_path):
    modules = {"tenants": "def low(): return 1", "production": "import functools"}
    modules["production"] += (
        "\ndef high(low):\n    return functools.reduce(lambda *_: low(), [1, 2])"
    )
    names = {}
    for package, text in modules.items():
        code = compile(text, f"{tmp_path}/{package}/m.py", "exec")
        exec(code, names)
    recorder = call_path.Recorder(tmp_path)
    sys.setprofile(recorder)
    names["high"](names["low"])
    sys.setprofile(None)
    assert recorder.calls == 3
    assert recorder.entered == {"production/m.py": 1, "tenants/m.py": 1}
    assert not recorder.climbs


def test_lines_and_statements_are_counted(tmp_path):
    (tmp_path / "config").mkdir()
    (tmp_path / "config" / "a.py").write_text("import os\n\n\n@str\ndef f():\n    return os\n")
    assert size.measure(tmp_path, ["config"]) == (3, [6], [3])


# --- The table -----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def five_years(django_db_setup, django_db_blocker):
    """A farm of five years with 400 runs, and what requests need, all of which is rolled back."""
    with rolled_back(django_db_blocker), pytest.MonkeyPatch.context() as patch:
        # The ids of that farm begin with 1.
        patch.setattr(settings, "FARM_SEEDERS", settings.FARM_SEEDERS[1:])
        made = farm.create_farm("years", farm.SAMPLE, {"runs": 400, "spools": 60})
        with tenant_context(made):
            broken = list(invariants.violations())
            rows = making.rows_of_history(made, 1) | making.rows_for_verbs(made, 2)
        go_out()
        yield SimpleNamespace(tenant=made, rows=rows, broken=broken)


def test_the_farm_to_measure_on_has_all_columns_and_holds_what_must(five_years):
    assert five_years.broken == []


@pytest.mark.parametrize(
    "workload",
    [pytest.param(each, id=name) for name, each in (API | GROWTH | VARIANCE).items()],
)
def test_each_request_of_the_table_is_answered(five_years, workload):
    rows = copy.deepcopy(five_years.rows)
    with transaction.atomic():
        (text,) = workload.messages(rows, 1)
        assert send(text).status_code == 200
        transaction.set_rollback(True)


def send(text):
    """A request as it is sent over HTTP, in process."""
    head, _, body = text.partition("\r\n\r\n")
    line, *fields = head.split("\r\n")
    method, path, _version = line.split()
    headers = dict(field.split(": ", 1) for field in fields)
    client = FarmClient(host=headers.pop("Host"))
    kind = headers.pop("Content-Type", "")
    return client.generic(method, path, body, content_type=kind, headers=headers)


def test_recorded_statements_have_the_same_effect_when_they_are_sent_again(
    five_years, tmp_path, settings, monkeypatch
):
    monkeypatch.setenv("RECORDED_STATEMENTS", str(tmp_path))
    (text,) = API["use of a spool"].messages(copy.deepcopy(five_years.rows), 1)
    pk = int(text.split("/spools/")[1].split("/")[0])
    former = settings.MIDDLEWARE
    remaining = []
    for way in ("record", "replay"):
        with transaction.atomic():
            if way == "record":
                entered = former.index("tenants.web.middleware.TenantMiddleware") + 1
                recorder = f"{REPLAYED}.RecordStatements"
                settings.MIDDLEWARE = [*former[:entered], recorder, *former[entered:]]
            else:
                settings.MIDDLEWARE, settings.ROOT_URLCONF = [], REPLAYED
            answer = send(text)
            assert answer.status_code == 200
            with tenant_context(five_years.tenant):
                remaining.append((Spool.objects.get(pk=pk).remaining_grams, answer.json()))
            transaction.set_rollback(True)
    assert remaining[0] == remaining[1]
    assert remaining[0][0] == Decimal("987.5")


def test_a_copy_of_a_farm_has_its_rows_and_its_token(five_years):
    with tenant_context(five_years.tenant):
        farm_copies.give_token()
        runs = ProductionRun.objects.count()
    copied = farm_copies.copy(five_years.tenant, "copy-0")
    with tenant_context(copied):
        assert ProductionRun.objects.count() == runs
        assert a_run().pk > runs
    account = making._account(copied, farm_copies.TOKEN)
    assert send(message("GET", "/api/v1/spools/", account)).status_code == 200


@pytest.mark.usefixtures("db")
def test_a_transfer_changes_both_balances_and_has_two_entries():
    with connection.cursor() as cursor:
        cursor.execute(transfers.TABLES.replace("%s", "2"))
        cursor.execute(transfers.MOVE, [2, 1, 10])
        cursor.execute("SELECT balance FROM account ORDER BY id")
        assert cursor.fetchall() == [(1010,), (990,)]
        cursor.execute("SELECT account_id, amount, before, after FROM entry ORDER BY id")
        assert cursor.fetchall() == [(2, -10, 1000, 990), (1, 10, 1000, 1010)]


@pytest.mark.parametrize(
    ("name", "figure", "scale", "expected"),
    [
        ("list of 50 spools", 2.1, 1, True),
        ("list of 50 spools", 2.3, 1, False),
        ("list of 50 spools", 2.3, 2, True),
        ("use of a spool", 0.61, 1, True),
        ("use of a spool", 0.59, 2, False),
        ("alerts", 1.19, 1, True),
        ("alerts", 1.21, 2, False),
        ("variance by month, grown", 100, 1, True),  # has no bar
    ],
)
def test_a_bar_is_met_or_not(name, figure, scale, expected):
    assert rows.Measured(name, figure, scale=scale).is_met is expected


def test_the_table_replaces_that_of_the_page():
    found = [rows.Measured("alerts", 1.5), rows.Missing("one run", "no answer")]
    text = page.with_section(page.PAGE.read_text(), page.section(found))
    before, _, after = text.partition("| alerts | 1.50 x | ≤ 1.20 x | **not met** |")
    assert before.startswith("# Performance")
    assert "not measured" in after
    assert "## Running a benchmark" in after


def test_each_row_of_the_table_is_measured_or_named_by_its_group():
    requests = {*API, *GROWTH, *VARIANCE}
    assert {*rows.BARS} - requests == {
        api.UNCHANGED, many_farms.IN_TURN, many_farms.MEMORY, exports.BESIDE
    }  # fmt: skip


def test_the_scale_of_the_machine_is_measured(five_years, monkeypatch):
    monkeypatch.setattr(machine, "ROUNDS", 1)
    monkeypatch.setattr(machine, "REQUESTS", 2)
    monkeypatch.setattr(farm, "enter_farm", lambda *size: five_years.tenant)
    with tenant_context(five_years.tenant):
        found = machine.measured()
    assert found["ms"] > 0
    assert re.fullmatch(r"\d+\.\d+", found["postgresql"])
