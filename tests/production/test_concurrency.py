"""Many at once, through HTTP, against the program as it is served."""

import contextlib
import random
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import pytest
from django_tenants.utils import tenant_context

from inventory.models import Spool
from production.models import ProductionRun
from tenants.accounts.roles import MANAGER
from tests import budgets
from tests.factories import a_material_type, a_running_run, a_spool, make_token, make_user
from tests.queries import violations

API = "/api/v1"
COUNT, TRIES = 64, 10


@pytest.fixture
def client(server, committed_farm):
    """A manager's program at a farm of its own, of which everything is committed."""
    token = make_token(make_user(role=MANAGER))
    with server.client(committed_farm) as client:
        client.headers["Authorization"] = f"Token {token}"
        yield client


def at_once(work, arguments):
    """What ``work`` answers for each argument, all under way at the same time."""
    arguments = list(arguments)
    with ThreadPoolExecutor(len(arguments)) as pool:
        return list(pool.map(work, arguments))


def statuses(answers):
    return sorted(answer.status_code for answer in answers)


def took(spool, grams):
    return {"materials": [{"spool": spool.pk, "actual_grams": str(grams)}], "confirm": True}


def send(client, path, body, key=None):
    """The answer to a POST. Who has waited for others for longer than the server lets anybody
    wait is asked to try again, which happens on a machine that has much else to do."""
    headers = {"Idempotency-Key": key} if key else {}
    for _ in range(TRIES):
        answer = client.post(f"{API}/{path}", json=body, headers=headers)
        if answer.status_code != 503 or answer.json()["code"] not in ("busy", "server_busy"):
            break
    return answer


def post(client, run, verb, body=None, key=None):
    return send(client, f"production-runs/{run.pk}/{verb}/", body or {}, key)


def test_64_runs_on_one_spool_take_what_is_there_and_not_a_gram_more(client):
    spool = a_spool(1000)
    runs = [a_running_run((spool, 15)) for _ in range(COUNT)]
    answers = at_once(lambda run: post(client, run, "complete", took(spool, 30)), runs)
    assert statuses(answers) == [200] * 33 + [409] * 31
    refused = [answer.json() for answer in answers if answer.status_code == 409]
    assert {problem["code"] for problem in refused} == {"insufficient_inventory"}
    assert Spool.objects.get(pk=spool.pk).remaining_grams == 10
    assert sum(entry.grams for entry in spool.transactions.all()) == 10
    assert violations() == []


def test_64_completions_of_one_run_have_one_effect(client):
    spool = a_spool(1000)
    run = a_running_run((spool, 15))
    answers = at_once(lambda _: post(client, run, "complete", took(spool, 15)), range(COUNT))
    assert statuses(answers) == [200] + [409] * 63
    assert run.transactions.count() == 1
    assert violations() == []


def test_64_completions_with_one_key_get_one_answer(client):
    spool = a_spool(1000)
    run = a_running_run((spool, 15))
    body = took(spool, 15)
    answers = at_once(lambda _: post(client, run, "complete", body, key="once"), range(COUNT))
    replayed = [answer for answer in answers if answer.status_code == 200]
    assert {answer.status_code for answer in answers} <= {200, 409}
    assert len({answer.content for answer in replayed}) == 1
    assert post(client, run, "complete", body, key="once").content == replayed[0].content
    assert run.transactions.count() == 1


def test_64_reverts_of_one_run_have_one_effect(client):
    spool = a_spool(1000)
    run = a_running_run((spool, 15))
    post(client, run, "complete", took(spool, 15))
    answers = at_once(lambda _: post(client, run, "revert"), range(COUNT))
    assert statuses(answers) == [200] + [409] * 63
    assert Spool.objects.get(pk=spool.pk).remaining_grams == 1000
    assert violations() == []


def test_runs_over_shared_spools_in_any_order_complete_without_a_deadlock(client):
    spools = [a_spool(5000) for _ in range(6)]
    chance = random.Random(64)
    runs = []
    for _ in range(budgets.RUNS_SHARING_SPOOLS):
        takes = chance.sample(spools, chance.randint(2, 4))
        runs.append(a_running_run(*((spool, 10) for spool in takes)))
    finished = at_once(lambda run: post(client, run, "complete", {"as_planned": True}), runs)
    assert statuses(finished) == [200] * len(runs)
    assert violations() == []


def test_creates_weighings_and_completions_on_the_same_spools_do_not_deadlock(client):
    spools = [a_spool(5000) for _ in range(4)]
    chance = random.Random(46)
    running = [
        a_running_run(*((spool, 10) for spool in chance.sample(spools, chance.randint(2, 4))))
        for _ in range(budgets.RUNS_SHARING_SPOOLS)
    ]

    def create():
        lines = [{"spool": spool.pk, "planned_grams": "5"} for spool in random.sample(spools, 3)]
        return send(client, "production-runs/", {"materials": lines})

    def weigh():
        spool = random.choice(spools)
        body = {"gross_grams": "4900", "confirm": True, "as_count": True}
        return send(client, f"spools/{spool.pk}/weigh/", body)

    jobs = [partial(post, client, run, "complete", {"as_planned": True}) for run in running]
    jobs += [create] * 16 + [weigh] * 16
    chance.shuffle(jobs)
    answers = at_once(lambda job: job(), jobs)
    assert {answer.status_code for answer in answers} <= {200, 201}
    assert ProductionRun.objects.filter(status="completed").count() == len(running)
    assert violations() == []


def test_three_farms_number_their_runs_without_a_duplicate_or_a_gap(server, committed_farms):
    body = {"materials": [{"material_type_code": "PLA", "planned_grams": "1"}]}
    count = budgets.RUNS_PER_FARM

    def create_some(client):
        return [send(client, "production-runs/", body) for _ in range(count // 8)]

    with contextlib.ExitStack() as stack:
        clients = []
        for farm in committed_farms:
            with tenant_context(farm):
                token = make_token(make_user(role=MANAGER))
                a_material_type("PLA")
            for _ in range(8):
                client = stack.enter_context(server.client(farm))
                client.headers["Authorization"] = f"Token {token}"
                clients.append(client)
        answers = at_once(create_some, clients)
    per_farm = [answers[start : start + 8] for start in (0, 8, 16)]
    for farm, batches in zip(committed_farms, per_farm, strict=True):
        created = [answer for batch in batches for answer in batch]
        assert statuses(created) == [201] * count
        numbers = [answer.json()["number"].rpartition("-") for answer in created]
        assert sorted(int(serial) for _, _, serial in numbers) == list(range(1, count + 1))
        assert len({day for day, _, _ in numbers}) == 1, f"{farm} passed midnight: run it again"
