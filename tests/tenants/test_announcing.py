"""What services changed is told after the commit, in one statement, to who listens."""

import json

import pytest
from django.db import connection, transaction

from tenants.accounts.models import SocketProcess
from tenants.live import announcing, listeners, notes
from tenants.live.announcing import announce
from tenants.live.notes import ADDED, DELETED, UPDATED, USED, Note
from tests.tenants.sql_helpers import walled


@pytest.fixture(autouse=True)
def _nothing_is_known():
    listeners.forget()
    yield
    listeners.forget()


@pytest.fixture
def sent(monkeypatch, committed_farm):
    """The notes of each statement that was sent."""
    statements = []

    def send(_schema, found):
        statements.append(list(found))

    monkeypatch.setattr(announcing, "_send", send)
    return statements


def test_it_is_told_after_the_commit(sent):
    with transaction.atomic():
        announce("spool", id=7)
        assert sent == []
    assert sent == [[Note("spool", UPDATED, id=7)]]


def test_outside_of_a_transaction_it_is_told_at_once(sent):
    announce("spool", USED, number=7)
    assert sent == [[Note("spool", USED, number=7)]]


def test_a_transaction_that_is_rolled_back_tells_nothing(sent):
    with transaction.atomic():
        announce("spool", id=7)
        transaction.set_rollback(True)
    assert sent == []
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        announce("spool", id=7)
        1 / 0  # noqa: B018
    assert sent == []


def test_savepoints_are_told_in_one_statement_without_those_that_are_rolled_back(sent):
    with transaction.atomic():
        announce("spool", id=1)
        with transaction.atomic():
            announce("spool", id=2)
            with transaction.atomic():
                announce("spool", id=3)
        with transaction.atomic():
            announce("spool", id=4)
            transaction.set_rollback(True)
        announce("spool", id=5)
    (found,) = sent
    assert sorted(note.id for note in found) == [1, 2, 3, 5]


def test_of_each_row_there_is_one(sent):
    with transaction.atomic():
        with transaction.atomic():
            announce("spool", ADDED, id=1)
        announce("spool", id=1)
        announce("spool", id=2)
        announce("spool", DELETED, id=2)
        announce("filament", id=1)
    (found,) = sent
    assert found == [
        Note("spool", ADDED, id=1),
        Note("spool", DELETED, id=2),
        Note("filament", UPDATED, id=1),
    ]


def test_other_hooks_of_the_transaction_run_too(sent):
    with transaction.atomic():
        announce("spool", id=1)
        transaction.on_commit(lambda: sent.append("hook"))
        announce("spool", id=2)
    assert sent[0] == "hook"
    assert [note.id for note in sent[1]] == [1, 2]


@pytest.mark.parametrize("listened", [True, False])
def test_it_is_sent_while_somebody_listens(committed_farm, listened):
    if listened:
        SocketProcess.objects.create()
    channel, heard = notes.channel_of(committed_farm.schema_name), []
    with connection.cursor() as cursor:
        cursor.execute(f'LISTEN "{channel}"')
    connection.connection.add_notify_handler(lambda note: heard.append(note.payload))
    with transaction.atomic():
        announce("spool", id=7)
    with connection.cursor() as cursor:
        cursor.execute("UNLISTEN *")
    found = [notes.read(committed_farm.schema_name, text) for text in heard]
    assert found == ([Note("spool", UPDATED, id=7)] if listened else [])


def test_that_it_can_not_be_sent_is_no_failure(committed_farm, caplog):
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE accounts_socketprocess RENAME TO elsewhere")
    with transaction.atomic():
        announce("spool", id=7)
    assert "What changed was not announced" in caplog.text


# --- Notes -----------------------------------------------------------------------------------


def test_a_note_is_read_as_it_was_written():
    note = Note("vendor", DELETED, number=7, was={"id": 7, "name": "Häns"})
    assert notes.read("farm_a", notes.write("farm_a", note)) == note


@pytest.mark.parametrize("schema", ["farm_b", "", "public"])
def test_a_note_to_another_farm_is_none(schema):
    assert notes.read(schema, notes.write("farm_a", Note("spool", id=7))) is None


@pytest.mark.parametrize(
    "text", ["", "{}", '{"resource":"spool","id":7}', "0" * 64 + ' {"resource":"spool","id":7}']
)
def test_a_note_without_the_signature_is_none(text):
    assert notes.read("farm_a", text) is None


def test_a_note_that_was_changed_is_none():
    text = notes.write("farm_a", Note("spool", id=7))
    assert notes.read("farm_a", text.replace("7", "8")) is None


def test_a_note_that_postgresql_would_not_take_is_not_sent(sent, monkeypatch):
    with pytest.raises(notes.TooLong):
        notes.write("farm_a", Note("vendor", DELETED, number=7, was={"comment": "x" * 8000}))


def test_the_name_of_a_channel_follows_from_the_secret(settings):
    before = notes.channel_of("farm_a")
    assert before != notes.channel_of("farm_b")
    settings.SECRET_KEY = "another"
    assert notes.channel_of("farm_a") != before
    assert len(before) < 63


def test_a_farm_role_sees_no_statement_with_the_name_of_a_channel(committed_farm):
    """What others execute is not shown to it, and it can't ask who listens to what."""
    channel = notes.channel_of(committed_farm.schema_name)
    connection.set_tenant(walled(committed_farm))
    with connection.cursor() as cursor:
        cursor.execute("SELECT query FROM pg_stat_activity WHERE pid <> pg_backend_pid()")
        assert channel not in json.dumps(cursor.fetchall())


# --- Whether anybody listens ---------------------------------------------------------------------


def test_the_database_is_asked_from_time_to_time(committed_farm, django_assert_num_queries):
    schema = committed_farm.schema_name
    with django_assert_num_queries(1):
        assert not listeners.may_be_there(schema)
        SocketProcess.objects.bulk_create([])
        assert not listeners.may_be_there(schema)
    listeners.forget()
    SocketProcess.objects.create()
    assert listeners.may_be_there(schema)


def test_on_the_same_machine_it_is_known_at_once(farm, settings, tmp_path):
    settings.SOCKETS = tmp_path
    assert not listeners.may_be_there(farm.schema_name)
    noted = listeners.Noted(tmp_path)
    assert not listeners.may_be_there(farm.schema_name)
    noted.set([farm.schema_name])
    assert listeners.may_be_there(farm.schema_name)
    noted.set(["farm_other"])
    assert not listeners.may_be_there(farm.schema_name)
    noted.set([farm.schema_name])
    listeners.Noted(tmp_path)  # a process that was started anew
    assert not listeners.may_be_there(farm.schema_name)
