"""The connections of a process: lent to its threads, and replaced when they have grown."""

import pytest
from django.db import connection, connections

from tenants.schemas import logins
from tenants.schemas.shared_connections import SharedConnections
from tests.tenants.sql_helpers import walled

HOSTS = [f"farm-{number}.localhost" for number in range(50)]


@pytest.fixture
def shared():
    return SharedConnections(connection.copy, 8)


def lent_to(shared, host):
    borrowed = shared.borrow(host)
    shared.give_back(borrowed)
    return borrowed


def test_a_host_has_the_same_connection_each_time_and_all_hosts_have_several(shared):
    first = [lent_to(shared, host) for host in HOSTS]
    assert [lent_to(shared, host) for host in HOSTS] == first
    assert len(set(first)) == 7


def test_while_it_is_lent_another_request_has_the_one_for_everybody(shared):
    own = shared.borrow(HOSTS[0])
    for_all = lent_to(shared, HOSTS[0])
    assert for_all is not own
    busy = [shared.borrow(host) for host in HOSTS[:7]]
    assert len({own, *busy}) == 8, "nobody shares one, and there is one for each thread"
    assert for_all in busy


def test_one_that_was_left_in_a_transaction_is_closed(shared):
    class Left:
        in_atomic_block, is_closed = True, False

        def inc_thread_sharing(self):
            pass

        def close(self):
            self.is_closed = True

    shared = SharedConnections(Left, 1)
    assert lent_to(shared, "").is_closed


def test_a_request_borrows_until_it_is_over(monkeypatch, db):
    own = connections["default"]
    logins.borrow("")
    assert connections["default"] is own, "no server has said that threads share connections"
    monkeypatch.setattr(logins, "_shared", SharedConnections(connection.copy, 2))
    logins.borrow("")
    borrowed = connections["default"]
    logins.borrow("")
    assert connections["default"] is borrowed is not own
    logins.give_back()
    assert connections["default"] is own
    logins.give_back()


def test_a_connection_that_has_visited_so_much_is_replaced(committed_farms):
    other = connection.copy()
    other.settings_dict["MAX_VISITS"] = 2
    try:
        pids = []
        for farm in map(walled, [*committed_farms, committed_farms[0]]):
            other.enter(farm)
            other.visited.add(farm.schema_name)
            pids.append(other.connection.info.backend_pid)
            other.set_schema_to_public()
            other.close_if_unusable_or_obsolete()
        assert pids[0] == pids[1] != pids[2] == pids[3]
    finally:
        other.close()
