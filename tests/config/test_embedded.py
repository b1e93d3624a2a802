"""The embedded PostgreSQL starts, is shared, stops, and survives what people do to it."""

import json
import os
import shutil
import stat
import subprocess
import time
from pathlib import Path
from types import SimpleNamespace

import psycopg
import pytest

from config.database import embedded, from_url
from config.database.embedded.cluster import Cluster
from config.database.embedded.postmaster import claimed, running, socket_folder
from tests.budgets import deep
from tests.config.embedded_users import User, command, kill_server, query


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A data folder with a database, shared by the tests that leave it as it was."""
    data = tmp_path_factory.mktemp("made") / "data"
    user = User(data)
    user.address()
    user.leave()
    return data


@pytest.fixture
def data(made):
    """A data folder whose server does not run, to be left as it was."""
    assert not running(made / "postgres")
    yield made
    embedded.stop(made)


@pytest.fixture
def spoiled(made, tmp_path_factory):
    """A copy of a data folder, for a test that spoils it."""
    folder = tmp_path_factory.mktemp("d") / "data"
    subprocess.run(["cp", "-a", made, folder], check=True)
    return folder


def test_the_first_start_makes_everything_and_the_last_one_out_stops_it(tmp_path_factory):
    data = tmp_path_factory.mktemp("d") / "deeper" / "data"
    user = User(data)
    address = user.address()
    assert address["HOST"] == str(data / "run")
    assert query(address, "SELECT 1") == [(1,)]
    assert stat.S_IMODE(data.stat().st_mode) == 0o700
    assert stat.S_IMODE((data / "run").stat().st_mode) == 0o700
    assert stat.S_IMODE((data / "password").stat().st_mode) == 0o600
    user.leave()
    assert running(data / "postgres") is None
    assert not list(data.glob("*new*"))


def test_what_connect_returns_is_an_ordinary_owner(data):
    user = User(data)
    address = user.address()
    role = "SELECT rolsuper, rolcreaterole, rolcreatedb FROM pg_roles WHERE rolname = current_user"
    assert query(address, role) == [(False, True, True)]
    about = """SELECT datdba::regrole::text, pg_encoding_to_char(encoding), datlocprovider,
                      datlocale FROM pg_database WHERE datname = current_database()"""
    assert query(address, about) == [("spoolbook", "UTF8", "b", "C.UTF-8")]
    assert query(address, "SHOW timezone") == [("UTC",)]
    user.leave()


def test_nobody_gets_in_without_the_password_not_even_the_superuser(data):
    user = User(data)
    address = user.address()
    for other in ({"PASSWORD": "wrong"}, {"USER": "postgres", "NAME": "postgres"}):
        with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
            query(address | other, "SELECT 1")
    user.leave()


def test_a_second_process_shares_the_server_and_the_first_to_leave_does_not_stop_it(data):
    first, second = User(data), User(data)
    assert first.address() == second.address()
    server = running(data / "postgres")
    first.leave()
    assert running(data / "postgres") == server
    second.leave()
    assert running(data / "postgres") is None


@deep
def test_many_processes_at_once_make_and_share_one_server(tmp_path_factory):
    data = tmp_path_factory.mktemp("d") / "data"
    users = [User(data) for _ in range(4)]
    assert len({json.dumps(user.address()) for user in users}) == 1
    for user in users:
        user.leave()
    assert running(data / "postgres") is None
    assert (data / "postgres.log").read_text().count("starting PostgreSQL") == 1


@deep
def test_a_server_without_users_is_found_again(data):
    first = User(data)
    first.address()
    server = running(data / "postgres")
    first.kill()
    second = User(data)
    second.address()
    assert running(data / "postgres") == server
    second.leave()
    assert running(data / "postgres") is None


@deep
def test_committed_rows_survive_the_death_of_everything(data):
    user = User(data, SPOOLBOOK_DURABLE="1")
    address = user.address()
    query(address, "CREATE TABLE kept (id int)")
    query(address, "INSERT INTO kept SELECT generate_series(1, 500)")
    user.kill()
    kill_server(data)
    again = User(data)
    assert query(again.address(), "SELECT count(*) FROM kept") == [(500,)]
    again.leave()


@deep
def test_a_reused_process_id_is_not_taken_for_the_server(data):
    # Runs as the server's user where possible, at which PostgreSQL itself would refuse to start.
    bystander = subprocess.Popen(["sleep", "60"], user=(data / "postgres").stat().st_uid)
    try:
        lines = [bystander.pid, data / "postgres", 1, 5432, data / "run", "", "1 2", "ready", ""]
        (data / "postgres" / "postmaster.pid").write_text("\n".join(map(str, lines)))
        assert claimed(data / "postgres").is_ready
        assert running(data / "postgres") is None
        assert embedded.stop(data) is False
        user = User(data)
        assert query(user.address(), "SELECT 1") == [(1,)]
        user.leave()
        assert bystander.poll() is None
    finally:
        bystander.kill()
        bystander.wait()


@deep
@pytest.mark.parametrize("text", ["", "12", "x\n\n\n\n"])
def test_a_half_written_process_file_is_no_obstacle(data, text):
    (data / "postgres" / "postmaster.pid").write_text(text)
    user = User(data)
    user.address()
    user.leave()


@deep
def test_a_start_that_was_killed_halfway_is_begun_again(tmp_path_factory):
    data = tmp_path_factory.mktemp("d") / "data"
    user = User(data)
    deadline = time.monotonic() + 60
    while not list(data.glob("postgres.new-*/PG_VERSION")):
        assert time.monotonic() < deadline
        time.sleep(0.005)
    user.kill()
    assert not (data / "postgres").exists()
    again = User(data)
    assert query(again.address(), "SELECT 1") == [(1,)]
    again.leave()


@deep
def test_a_lost_password_is_replaced(data):
    (data / "password").unlink()
    user = User(data)
    assert query(user.address(), "SELECT 1") == [(1,)]
    user.leave()


@pytest.fixture
def long_path(tmp_path_factory):
    """A data folder whose path is too long for a socket."""
    return tmp_path_factory.mktemp("long and winding " * 5 + "road") / "da'ta"


@deep
def test_a_long_path_is_reached_by_a_short_link(data, long_path):
    data.rename(long_path)
    user = User(long_path)
    address = user.address()
    link = Path(address["HOST"])
    assert len(str(link)) < 40
    assert link.resolve() == long_path / "run"
    assert stat.S_IMODE(link.stat().st_mode) == 0o700
    assert query(address, "SHOW listen_addresses") == [("",)]
    link.unlink()  # as what cleans /tmp does
    assert query(from_url(command("url", data=long_path).stdout.strip()), "SELECT 1") == [(1,)]
    user.leave()
    assert not link.is_symlink()
    long_path.rename(data)


@deep
def test_a_short_link_to_somewhere_else_is_refused(long_path):
    link = socket_folder(long_path)
    link.unlink()
    link.symlink_to("/tmp")
    with pytest.raises(embedded.EmbeddedPostgresError, match=f"{link} is not a link of yours"):
        socket_folder(long_path)
    link.unlink()


@deep
@pytest.mark.parametrize(("name", "is_short"), [("a 'b' \"c\" +%$d&?", True), ("a, b", False)])
def test_an_awkward_path_is_quoted_everywhere(name, is_short, data, tmp_path_factory):
    folder = tmp_path_factory.mktemp("d") / name
    data.rename(folder)
    user = User(folder)
    assert query(user.address(), "SELECT 1") == [(1,)]
    place = from_url(command("url", data=folder).stdout.strip())
    assert (place["HOST"] == str(folder / "run")) is is_short
    assert query(place, "SELECT 1") == [(1,)]
    user.leave()
    folder.rename(data)


def test_a_server_that_dies_is_started_by_the_next_connect_of_the_same_process(data, monkeypatch):
    monkeypatch.setenv("SPOOLBOOK_DURABLE", "0")
    first = embedded.connect(data)
    kill_server(data)
    assert embedded.connect(data) == first
    assert query(first, "SELECT 1") == [(1,)]
    assert embedded.release(data) is True
    assert embedded.release(data) is False


def test_a_fork_does_not_stop_its_parents_server(data, monkeypatch):
    monkeypatch.setenv("SPOOLBOOK_DURABLE", "0")
    embedded.connect(data)
    child = os.fork()
    if not child:
        os._exit(embedded.release(data))
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert running(data / "postgres")
    assert embedded.release(data) is True


def test_a_data_folder_that_cannot_be_made_is_explained(tmp_path):
    file = tmp_path / "file"
    file.touch()
    with pytest.raises(embedded.EmbeddedPostgresError, match=f"{file} is not a folder"):
        embedded.connect(file / "data")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_data_folder_without_permission_is_explained(tmp_path):
    tmp_path.chmod(0o500)
    with pytest.raises(embedded.EmbeddedPostgresError, match="No permission to write"):
        embedded.connect(tmp_path / "data")


@deep
def test_the_data_of_another_version_is_refused(spoiled):
    (spoiled / "postgres" / "PG_VERSION").write_text("15\n")
    with pytest.raises(embedded.EmbeddedPostgresError, match="made by PostgreSQL 15"):
        embedded.connect(spoiled)


@deep
def test_a_server_that_does_not_start_shows_the_end_of_its_log(spoiled):
    (spoiled / "postgres" / "pg_hba.conf").write_text("nonsense\n")
    with pytest.raises(embedded.EmbeddedPostgresError, match=r"(?s)does not start.*pg_hba.conf"):
        embedded.connect(spoiled)


@deep
@pytest.mark.skipif(os.geteuid() != 0, reason="only root has to become somebody else")
def test_root_lends_the_server_its_own_user_and_changes_no_folder_around(data):
    user = User(data)
    user.address()
    assert (data / "postgres").stat().st_uid != 0
    assert Path("/proc", str(running(data / "postgres").pid)).stat().st_uid != 0
    assert data.parent.stat().st_uid == 0
    assert stat.S_IMODE(data.parent.stat().st_mode) == 0o700
    user.leave()


@deep
@pytest.mark.skipif(os.geteuid() != 0, reason="only root has to become somebody else")
def test_root_is_told_what_keeps_it_from_becoming_somebody_else(spoiled, monkeypatch):
    monkeypatch.setenv("PATH", "")
    with pytest.raises(embedded.EmbeddedPostgresError, match="setpriv .* is not installed"):
        embedded.connect(spoiled)


@deep
def test_the_command_line(data):
    assert command("status", data=data).returncode == 3
    assert command("url", data=data).returncode == 3
    assert command("start", data=data).returncode == 0
    assert "not in use" in command("status", data=data).stdout
    user = User(data)
    user.address()
    refused = command("stop", data=data)
    assert (refused.returncode, "in use" in refused.stderr) == (1, True)
    user.leave()
    assert running(data / "postgres"), "started by hand, it stays until it is stopped"
    assert command("stop", data=data).stdout == "PostgreSQL has stopped.\n"
    assert command("stop", data=data).stdout == "PostgreSQL does not run.\n"


def test_the_programs_of_postgresql_are_found():
    assert embedded.binary("pg_dump").exists()
    with pytest.raises(embedded.EmbeddedPostgresError, match="no program nonsense"):
        embedded.binary("nonsense")
    assert shutil.which(embedded.binary("psql"))


def test_a_server_that_never_gets_ready_is_not_explained_by_what_was_before(tmp_path, monkeypatch):
    monkeypatch.setattr("config.database.embedded.cluster.PATIENCE_SECONDS", -1)
    cluster = Cluster(tmp_path)
    cluster.log.write_text("FATAL: No space left on device\n")
    with pytest.raises(embedded.EmbeddedPostgresError, match="does not start") as error:
        cluster._await(SimpleNamespace(is_ready=False))
    assert "disk is full" not in str(error.value)
