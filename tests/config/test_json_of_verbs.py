"""What verbs answer is to the byte what the framework represents of the same rows afterwards."""

import pytest

from inventory.models import InventoryTransaction
from tests.config.json_answers import by_the_framework
from tests.factories import a_filament, a_printer, a_product, a_running_run, a_spool

API, NASTY = "/api/v1/", 'a "b" \\ € 😀 %s </b>'
BODIES = {  # of the verbs of a spool that book, with the kind of the entry
    "use": {"grams": "1.5", "note": NASTY},
    "waste": {"grams": 2, "reason": "purge"},
    "weigh": {"gross_grams": "1100", "confirm": True, "note": NASTY},
    "adjust": {"grams": "-0.25", "reason": NASTY},
    "empty": {"as": "waste", "note": NASTY},
}


@pytest.fixture
def client(api):
    api.handler._force_user.name = NASTY
    api.handler._force_user.save()
    return api


def represented(client, address):
    """What the framework answers of a row that is read."""
    answer = by_the_framework(client, f"{API}{address}/")
    assert answer.status_code == 200, answer.content
    return answer.content


def begins_with(answer, row):
    """Whether an answer begins with what is answered of a row."""
    return answer.content.startswith(row.removesuffix(b"}"))


def a_nasty_run():
    filament = a_filament(NASTY)
    takes = [(a_spool(1000, filament=filament, lot_number=NASTY), 10, 1) for _ in range(2)]
    makes = [(a_product(name=NASTY, grams=1), 2) for _ in range(2)]
    run = a_running_run(*takes, items=makes, printer=a_printer(NASTY), planned_minutes=9)
    run.notes = NASTY
    run.save()
    return run


@pytest.mark.parametrize("verb", BODIES)
def test_a_verb_that_books(client, verb):
    spool = a_spool(1000, filament=a_filament(NASTY), lot_number=NASTY)
    body = {"kind" if name == "as" else name: value for name, value in BODIES[verb].items()}
    answer = client.post(f"{API}spools/{spool.pk}/{verb}/", body)
    assert answer.status_code == 200, answer.content
    assert begins_with(answer, represented(client, f"spools/{spool.pk}"))
    entry = InventoryTransaction.objects.latest("pk")
    written = represented(client, f"inventory-transactions/{entry.pk}")
    assert b',"entry":' + written in answer.content


@pytest.mark.parametrize("verb", ["move", "open", "dry", "relabel", "archive"])
def test_a_verb_of_the_shelf(client, verb):
    spool = a_spool(1000, filament=a_filament(NASTY))
    body = {"move": {"location": None}, "archive": {"discard": False}}.get(verb, {})
    answer = client.post(f"{API}spools/{spool.pk}/{verb}/", body)
    assert answer.content == represented(client, f"spools/{spool.pk}")


CLOSING = {
    "complete": {"as_planned": True},
    "fail": {"reason_code": "nozzle_clog", "progress_percent": 50, "note": NASTY},
}


@pytest.mark.parametrize("verb", CLOSING)
def test_a_run_that_is_closed_and_corrected(client, verb):
    run = a_nasty_run()
    answers = [client.post(f"{API}production-runs/{run.pk}/{verb}/", CLOSING[verb])]
    if verb == "complete":
        given = {"actual_grams": "9.5", "actual_purge_grams": "1"}
        lines = [{"id": run.materials.earliest("pk").pk, **given}]
        body = {"materials": lines, "reason": NASTY, "confirm": True}
        check_closed(client, run, answers[0])
        answers.append(client.post(f"{API}production-runs/{run.pk}/correct/", body))
    check_closed(client, run, answers[-1])


def check_closed(client, run, answer):
    assert answer.status_code == 200, answer.content
    assert begins_with(answer, represented(client, f"production-runs/{run.pk}"))
    variance = represented(client, f"production-runs/{run.pk}/variance")
    assert b'"variance":' + variance in answer.content
    entries = [each["id"] for each in answer.json()["entries"]]
    written = [represented(client, f"inventory-transactions/{pk}") for pk in entries]
    assert answer.content.endswith(b'"entries":[' + b",".join(written) + b"]}")
    assert entries


@pytest.mark.parametrize("verb", ["progress", "actuals", "cancel", "copy"])
def test_another_verb_of_a_run(client, verb):
    run = a_nasty_run()
    body = {"progress": {"progress_percent": 5}, "cancel": {"reason": NASTY}}.get(verb, {})
    answer = client.post(f"{API}production-runs/{run.pk}/{verb}/", body)
    assert answer.status_code in (200, 201), answer.content
    assert answer.content == represented(client, f"production-runs/{answer.json()['id']}")


MANY = {
    "spools/receive": lambda: {"filament": a_filament(NASTY).pk, "count": 3, "comment": NASTY},
    "production-runs/bulk": lambda: {
        "runs": [
            {"notes": NASTY, "items": [{"product": a_product(name=NASTY).pk, "quantity": 2}]},
            {"materials": [{"spool": a_spool().pk, "planned_grams": "1.5"}]},
        ]
    },
    "production-runs/plan": lambda: {
        "product": a_product(name=NASTY, grams=2, units_per_plate=1).pk,
        "quantity": 3,
        "printers": [a_printer().pk],
    },
}


@pytest.mark.parametrize("path", MANY)
def test_many_rows_that_are_made_together(client, path):
    name = path.partition("/")[0]
    answer = client.post(f"{API}{path}/", MANY[path]())
    assert answer.status_code == 201, answer.content
    [(member, rows)] = answer.json().items()
    written = [represented(client, f"{name}/{row['id']}") for row in rows]
    assert answer.content == b'{"%s":[%s]}' % (member.encode(), b",".join(written))
    assert len(rows) > 1
    indented = client.post(f"{API}{path}/", MANY[path](), HTTP_ACCEPT="application/json; indent=1")
    assert len(indented.json()[member]) == len(rows)


def undone(client):
    found = client.get(f"{API}me/undo/").json()["undoable"]
    return client.post(f"{API}me/undo/", {"kind": found["kind"], "event": found["event"]})


def test_an_undo(client):
    run = a_nasty_run()
    client.post(f"{API}production-runs/{run.pk}/complete/", {"as_planned": True})
    answer, row = undone(client), represented(client, f"production-runs/{run.pk}")
    assert answer.content == b'{"run":' + row + b',"spools":[]}'
    spools = client.post(f"{API}spools/receive/", {"filament": a_filament(NASTY).pk, "count": 2})
    answer = undone(client)
    rows = [represented(client, f"spools/{each['id']}") for each in spools.json()["spools"]]
    assert answer.content == b'{"run":null,"spools":[' + b",".join(rows) + b"]}"


# --- A row that is not there ---------------------------------------------------------------------


@pytest.mark.parametrize(
    "body", ['{"grams": "1", "gross_grams": "1"}', '{"grams": "-1"}', "{}", "{"]
)
@pytest.mark.parametrize(
    "address", ["spools/{}/use", "spools/{}/weigh", "production-runs/{}/complete"]
)
def test_a_row_that_is_missing_is_404_whatever_the_body(client, address, body):
    address = f"{API}{address.format(999_999_999)}/"
    answer = client.generic("POST", address, body, content_type="application/json")
    assert answer.status_code == 404, answer.content
    assert "999999999" in answer.json()["detail"]


@pytest.mark.parametrize(
    ("address", "body"),
    [
        ("spools/{}/use", {"grams": 1}),
        ("spools/{}/weigh", {"gross_grams": 1}),
        ("production-runs/{}/complete", {"as_planned": True}),
        ("production-runs/{}/complete", {"as_planned": True, "dry_run": True}),
    ],
)
def test_a_row_that_can_not_be_locked_is_404(client, address, body):
    answer = client.post(f"{API}{address.format(999_999_999)}/", body)
    assert answer.status_code == 404, answer.content
    assert "999999999" in answer.json()["detail"]
