"""A backup may come from anybody: a hostile one restores nothing, and nothing of it is left."""

import gzip
import hashlib
import json
from dataclasses import dataclass, field

import pytest
from django.db import connection, transaction
from django_tenants.utils import schema_context

from tenants.farms import backup_file, backups, json_shapes, restoring, services
from tenants.operations.refusals import Refusal
from tenants.schemas import database_role, tables, template
from tests import farm_pool
from tests.conftest import go_out, go_to
from tests.factories import a_product, a_running_run, a_spool
from tests.tenants.test_backups import fill_a_farm, lines_of

SCHEMA = "farm_hostile"
LEFT = f"""
    SELECT (SELECT count(*) FROM {SCHEMA}.accounts_farmsettings),
           (SELECT array_agg(slug::text ORDER BY id) FROM tenants_tenant),
           (SELECT array_agg(host::text ORDER BY id) FROM tenants_domain),
           (SELECT array_agg(nspname::text ORDER BY oid) FROM pg_namespace
            WHERE nspname NOT LIKE 'pg_%%temp%%'),
           (SELECT array_agg(rolname::text ORDER BY oid) FROM pg_roles
            WHERE starts_with(rolname, current_database())),
           (SELECT count(*) FROM accounts_auditevent WHERE verb = 'restore')
"""
DEEP = "[" * 3000 + "]" * 3000
HASH = "pbkdf2_sha256$2000000000$salt$hash"


@dataclass
class File:
    """A backup in its parts, to be spoilt; written with a count and a digest that are right."""

    head: dict
    tables: list  # of [line of JSON, rows]
    end: dict = field(default_factory=dict)
    after: bytes = b""

    @classmethod
    def of(cls, lines):
        file = cls(json.loads(lines[0]), [])
        for line in lines[1:-1]:
            if line.startswith(b'{"table": '):
                file.tables.append([json.loads(line), []])
            elif line != b"\\.\n":
                file.tables[-1][1].append(line)
        return file

    def table(self, name):
        return next(each for each in self.tables if each[0]["table"] == name)

    def set(self, table, column, value):
        """Of the first row."""
        described, rows = self.table(table)
        values = rows[0].rstrip(b"\n").split(b"\t")
        values[described["columns"].index(column)] = value.encode()
        rows[0] = b"\t".join(values) + b"\n"

    def written(self):
        lines = [json.dumps(self.head).encode() + b"\n"]
        for described, rows in self.tables:
            lines += [json.dumps(described).encode() + b"\n", *rows, b"\\.\n"]
        text = b"".join(lines)
        end = {
            "rows": {described["table"]: len(rows) for described, rows in self.tables},
            "sha256": hashlib.sha256(text).hexdigest(),
        } | self.end
        return gzip.compress(text + json.dumps(end).encode() + b"\n", 1) + self.after


@pytest.fixture(scope="module")
def lines(django_db_setup, django_db_blocker, tmp_path_factory):
    with django_db_blocker.unblock():
        tenant = farm_pool.lend()
        go_to(tenant)
        fill_a_farm()
        path = backups.back_up(tenant, tmp_path_factory.mktemp("backup"))
        go_out()
        farm_pool.give_back(tenant)
    first, *others = lines_of(path)
    head = json.loads(first) | {"slug": "hostile", "hosts": []}
    return [json.dumps(head).encode() + b"\n", *others]


@pytest.fixture(scope="module")
def empty_schema(lines, django_db_blocker):
    """The schema and the role of the farm that files are restored as, once for all of them: what
    a file is refused for is undone by a savepoint."""
    with django_db_blocker.unblock(), transaction.atomic():
        services.make_schema(SCHEMA, template.load())
        database_role.create_role(SCHEMA)
        yield
        transaction.set_rollback(True)


@pytest.fixture
def restore(empty_schema, django_db_blocker, tmp_path, monkeypatch):
    """``restore(content)``; what there was before it must be all there is afterwards. Into the
    schema that is there already, unless ``as_`` another short name."""
    path = tmp_path / "hostile.farm.gz"
    monkeypatch.setattr(backup_file, "MAX_LINE_BYTES", 2**20)
    monkeypatch.setattr(backup_file, "ALWAYS_BYTES", 2**21)

    def run(content, as_=None):
        path.write_bytes(content)
        with monkeypatch.context() as patch:
            if as_ is None:
                patch.setattr(restoring, "make_schema", lambda *_: None)
                patch.setattr(database_role, "create_role", lambda _: None)
            with transaction.atomic():
                restoring.restore_farm(path, slug=as_, by=None)

    with django_db_blocker.unblock():
        before = left()
        yield run
        assert left() == before


def left():
    with schema_context("public"), connection.cursor() as cursor:
        cursor.execute(LEFT)
        return cursor.fetchone()


def head(**changes):
    return lambda file: file.head.update(changes)


def value(table, column, text):
    return lambda file: file.set(table, column, text)


def described(table, **changes):
    return lambda file: file.table(table)[0].update(changes)


def more_rows(table, *rows):
    return lambda file: file.table(table)[1].extend(rows)


def another(table, columns, *rows):
    line = {"table": table, "columns": columns, "last_id": 0}
    return lambda file: file.tables.append([line, list(rows)])


def unwritten(place, text):
    """What PostgreSQL takes, and Spoolbook would not write, in a column of a table."""
    table, column = place.split(".")
    return value(table, column, text), f"{table} .* would not write"


def without(table):
    return lambda file: file.tables.remove(file.table(table))


def without_head(name):
    return lambda file: file.head.pop(name)


def in_reverse(table):
    return lambda file: file.table(table)[1].reverse()


def without_rows(table):
    return lambda file: file.table(table)[1].clear()


def twice(table):
    return lambda file: file.tables.append(file.table(table))


def hidden_rest(file):
    """To COPY, rows end at a marker with another end of line."""
    rows = file.table("inventory_location")[1]
    rows[:] = [b"1\tone\t\r\n", b"\\.\r\n", b"2\ttwo\t\r\n"]


# By what a file is like: of what has a right count and digest, so that more than these refuse it.
SPOILT = {
    "a path for a name": (head(slug="../../etc"), "must be 1 to 63 of a-z"),
    "a number for a name": (head(slug=7), "valid “slug”"),
    "a NUL in its name": (head(name="x\0y"), "valid “name”"),
    "half a character in its name": (head(name="\ud800"), "valid “name”"),
    "no name": (without_head("name"), "valid “name”"),
    "an unknown status": (head(status="owner"), "valid “status”"),
    "made in the year 9999": (head(created_at="9999-12-31T23:59:59-23:59"), "valid “created_at”"),
    "made in no time zone": (head(created_at="2026-01-01T00:00:00"), "valid “created_at”"),
    "hosts that are no list": (head(hosts=7), "valid “hosts”"),
    "another farm's host": (head(hosts=["alpha.localhost"]), "hosts are taken: alpha"),
    "the public site's host": (head(hosts=["localhost"]), "hosts are taken: localhost"),
    "a host that is none": (head(hosts=["a b"]), "not a host name"),
    "another farm's name": (head(slug="alpha"), "is a farm “alpha” already"),
    "a name of the platform": (head(slug="public"), "is reserved"),
    "a newer format": (head(version=3), "by a newer Spoolbook"),
    "another format": (head(format="tar"), "is no backup"),
    "a head of 70 kB": (head(more="x" * 70_000), "longer than 65536 bytes"),
    "unknown migrations": (head(migrations=["x.0001_evil"]), "x.0001_evil.*with that version"),
    "no migrations": (head(migrations=[]), "don't make a farm"),
    "migrations without the first": (head(migrations=["inventory.0002_initial"]), "make a farm"),
    "only some migrations": (head(migrations=["accounts.0001_initial"]), "is not as the migr"),
    "a table of public": (another("tenants_tenant", ["id", "slug"]), "tenants_tenant"),
    "another farm's table": (another("farm_alpha.accounts_user", ["id"]), "farm_alpha"),
    "a table of the server": (another("pg_catalog.pg_authid", ["rolname"]), "pg_authid"),
    "what was migrated": (another("django_migrations", ["id", "app"]), "django_migrations"),
    "somebody's session": (another("django_session", ["session_key"]), "django_session"),
    "a program for a table": (another("x FROM PROGRAM 'id'; --", ["id"]), "PROGRAM"),
    "a program for a column": (
        described("inventory_location", columns=["id) FROM PROGRAM 'id' --", "name", "comment"]),
        "inventory_location",
    ),
    "a column too many": (
        described("inventory_location", columns=["id", "name", "comment", "owner"]),
        "inventory_location",
    ),
    "columns that are no names": (described("inventory_location", columns=[[1], {}, 3]), "is not"),
    "a table twice": (twice("inventory_location"), "twice"),
    "a table less": (without("inventory_spoolevent"), "inventory_spoolevent"),
    "a huge last id": (described("inventory_location", last_id=2**63 - 1), "not described"),
    "a last id that is SQL": (described("inventory_location", last_id="1); DROP"), "not descr"),
    "a last number that is SQL": (described("inventory_spool", last_number="1)"), "not descr"),
    "a number below 1": unwritten("inventory_spool.number", "-1"),
    "a number beyond JSON": unwritten("inventory_filament.number", str(2**60)),
    "a list of numbers that are none": unwritten("inventory_devicereport.booked", "{NaN}"),
    "a list with nothing in it": unwritten("inventory_devicereport.gaps", "{1,NULL}"),
    "an extra value that is no text": unwritten("inventory_spool.extra", '{"a": 1}'),
    "a list of extra values": unwritten("inventory_filament.extra", "[]"),
    "SQL among rows": (
        more_rows("inventory_location", b"COMMIT; DROP TABLE x;\n"),
        "invalid input",
    ),
    "a value too many": (more_rows("inventory_location", b"9\tx\t\t\n"), "extra data"),
    "no UTF-8": (more_rows("inventory_location", b"9\t\xff\xfe\t\n"), "invalid byte sequence"),
    "a NUL": (more_rows("inventory_location", b"9\ta\0b\t\n"), "invalid byte sequence"),
    "rows behind an end": (hidden_rest, "would not write|newline|end-of-copy|carriage"),
    "a line too long": (more_rows("inventory_location", b"9\t%s\t\n" % (b"x" * 2**20)), "longer"),
    "a bomb": (
        more_rows("inventory_location", *(b"%d\tx\t%s\n" % (n, b"x" * 10**6) for n in range(4))),
        "100 times as large",
    ),
    "an id twice": (more_rows("inventory_location", b"9\tx\t\n", b"9\ty\t\n"), "duplicate key"),
    "an id of 2^60": (more_rows("inventory_location", b"%d\tx\t\n" % 2**60), "would not write"),
    "an id below 1": (more_rows("inventory_location", b"-1\tx\t\n"), "would not write"),
    "a number that is none": unwritten("inventory_filament.price", "NaN"),
    "a time without end": unwritten("accounts_user.created_at", "infinity"),
    "a time of Caesar's": unwritten("accounts_user.created_at", "0044-03-15 BC"),
    "a spool of nobody's filament": (value("inventory_spool", "filament_id", "5"), "foreign key"),
    "a balance that no entry made": (value("inventory_spool", "remaining_grams", "999"), "ledger"),
    "an entry that does not follow": (
        value("inventory_inventorytransaction", "balance_grams", "999"),
        "do not follow",
    ),
    "entries in reverse": (in_reverse("inventory_inventorytransaction"), "do not follow"),
    "an administrator": (value("accounts_user", "role", "administrator"), "not valid"),
    "a password of hours": (value("accounts_user", "password", HASH), "not valid"),
    "a PIN of hours": (value("accounts_user", "pin_hash", HASH), "not valid"),
    "a name in capitals": (value("accounts_user", "username", "Root"), "check constraint"),
    "no settings": (without_rows("accounts_farmsettings"), "not valid"),
    "a time zone of Mars": (value("accounts_farmsettings", "timezone", "Mars/X"), "not valid"),
    "deep JSON": unwritten("production_runevent.before", DEEP),
    "deep changes": unwritten("accounts_auditevent.changes", DEEP),
    "a list of changes": unwritten("accounts_auditevent.changes", "[]"),
    "a change of one": unwritten("accounts_auditevent.changes", '{"a": [1]}'),
    "a change that is none": unwritten("accounts_auditevent.changes", '{"a": 1}'),
    "a list of figures": unwritten("production_runevent.before", "[1]"),
    "loads that are none": unwritten("production_runevent.before", '{"loads": 1}'),
    "overrides that are none": unwritten("production_runevent.overrides", "{}"),
    "an override of lists": unwritten("production_runevent.overrides", "[[]]"),
    "a number of 5000 digits": unwritten("production_runevent.before", '{"x": 1e5000}'),
    "another count": (lambda file: file.end.update(rows={}), "it was damaged"),
    "another digest": (lambda file: file.end.update(sha256="0" * 64), "it was damaged"),
    "something behind it": (
        lambda file: setattr(file, "after", gzip.compress(b"DROP TABLE x;\n")),
        "follows the end",
    ),
}
# With a schema of its own: by the migrations that the file names, or to see that it goes as well.
WHOLE = {"only some migrations", "entries in reverse", "no settings"}


@pytest.mark.parametrize("kind", SPOILT)
def test_of_a_spoilt_file_nothing_is_left(lines, restore, kind):
    spoil, sentence = SPOILT[kind]
    file = File.of(lines)
    spoil(file)
    with pytest.raises(Refusal, match=sentence):
        restore(file.written(), as_="whole" if kind in WHOLE else None)


SQL = b"DROP SCHEMA farm_alpha CASCADE;\n"
# By its bytes: what they are, made of a good file's lines.
BYTES = {
    "nothing": lambda lines: b"",
    "not compressed": lambda lines: b"".join(lines),
    "SQL": lambda lines: gzip.compress(SQL),
    "SQL in front": lambda lines: gzip.compress(SQL + b"".join(lines)),
    "SQL between tables": lambda lines: gzip.compress(b"".join([lines[0], SQL, *lines[1:]])),
    "of the former format": lambda lines: gzip.compress(b'-- spoolbook {"format": 1}\n' + SQL),
    "a list": lambda lines: gzip.compress(b"[]\n"),
    "deep": lambda lines: gzip.compress(b"[" * 60_000 + b"\n"),
    "a number without end": lambda lines: gzip.compress(b'{"a": ' + b"9" * 60_000 + b"}\n"),
    "a line without end": lambda lines: gzip.compress(bytes(10**7)),
    "half of it": lambda lines: gzip.compress(b"".join(lines))[:-2000],
    "cut among rows": lambda lines: gzip.compress(b"".join(lines[:5])),
    "without its end": lambda lines: gzip.compress(b"".join(lines[:-1])),
    "a byte flipped": lambda lines: flipped(gzip.compress(b"".join(lines))),
}


def flipped(content):
    middle = len(content) // 2
    return content[:middle] + bytes([content[middle] ^ 255]) + content[middle + 1 :]


@pytest.mark.parametrize("kind", BYTES)
def test_of_a_file_that_is_none_nothing_is_left(lines, restore, kind):
    with pytest.raises(backup_file.InvalidBackup):
        restore(BYTES[kind](lines))


def test_a_refusal_shows_no_values_of_the_row(lines, restore):
    file = File.of(lines)
    file.table("inventory_location")[1].append(b"SECRET\tx\t\n")
    number = len(file.table("inventory_location")[1])
    with pytest.raises(backup_file.InvalidBackup) as caught:
        restore(file.written())
    assert f"inventory_location, line {number}: invalid input syntax" in caught.value.detail
    file = File.of(lines)
    file.set("accounts_user", "username", "SECRET")
    with pytest.raises(backup_file.InvalidBackup) as other:
        restore(file.written())
    assert "accounts_user" in other.value.detail
    assert "SECRET" not in caught.value.detail + other.value.detail


def test_every_column_of_json_has_its_shape(farm):
    documents = {
        (table.name, column)
        for table in tables.of(connection.schema_name).values()
        for column in table.documents
        if table.name not in backups.LEFT_OUT
    }
    assert documents == set(json_shapes.MALFORMED)


def test_a_frozen_bill_of_materials_is_checked(farm):
    spool, product = a_spool(), a_product(grams="12.5")
    run = a_running_run((spool, 100), items=[(product, 2)])
    item = run.items.get()
    assert item.bom
    assert json_shapes.malformed_table() is None
    [line] = item.bom
    without = {"material_type": 1, "filament": None}
    not_whole, not_a_number = line | {"material_type": 1.0}, line | {"grams_per_unit": "NaN"}
    for bom in ({}, [1], [[line]], [without], [not_whole], [not_a_number]):
        run.items.update(bom=bom)
        assert json_shapes.malformed_table() == "production_runitem"


def test_a_head_that_is_refused_makes_nothing(lines, restore, monkeypatch):
    monkeypatch.setattr(restoring, "claim", lambda *_: pytest.fail("a farm was made"))
    for kind in ("a number for a name", "no migrations", "unknown migrations", "a newer format"):
        file = File.of(lines)
        SPOILT[kind][0](file)
        with pytest.raises(Refusal):
            restore(file.written())


def test_the_file_as_it_was_is_restored(lines, restore):
    """So what is refused above is refused for what was spoilt."""
    for as_ in (None, "whole"):
        with transaction.atomic():
            restore(File.of(lines).written(), as_=as_)
            transaction.set_rollback(True)
