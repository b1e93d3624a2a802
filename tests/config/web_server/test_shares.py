"""Which request gets a thread next."""

import threading
from types import SimpleNamespace

import pytest

from config.web_server.shares import (
    GIVE_WAY_SECONDS,
    LONGEST_WAIT_SECONDS,
    MAX_WAITING,
    RUNNING_SECONDS,
    Shares,
    TooManyWaiting,
)


class Clock:
    now = 0.0

    def __call__(self):
        return self.now


def request(farm, *, is_long=False):
    return SimpleNamespace(farm=farm, is_long=is_long)


@pytest.fixture
def shares():
    """Of eight threads, of which long requests have two; all of them may run at once."""
    return Shares(8, 2, Clock(), running_threads=8)


def add(shares, farm, count=1, *, is_long=False):
    for _ in range(count):
        shares.add(request(farm, is_long=is_long))


def take_all(shares, threads):
    """What so many threads are given, and the farms of that."""
    taken = [shares.take() for _ in range(threads)]
    return taken, [each and each.farm for each in taken]


def test_one_farm_alone_in_an_installation_has_all_threads(shares):
    add(shares, "north", 10)
    assert take_all(shares, 8)[1] == ["north"] * 8


def test_a_farm_alone_for_the_moment_leaves_one_thread(shares):
    shares.known |= {"north", "south"}
    add(shares, "north", 10)
    assert take_all(shares, 8)[1] == ["north"] * 7 + [None]
    add(shares, "south")
    assert shares.take().farm == "south"


def test_who_has_half_of_the_threads_gets_no_more_while_another_waits(shares):
    add(shares, "north", 4)
    taken, _ = take_all(shares, 4)
    add(shares, "north", 10)
    add(shares, "south", 5)
    assert take_all(shares, 4)[1] == ["south"] * 4
    shares.done(taken[0])
    assert shares.take().farm == "north"


def test_the_one_with_fewest_threads_comes_first_and_then_the_oldest(shares):
    add(shares, "north", 2)
    add(shares, "south")
    add(shares, "", 2)
    add(shares, "west")
    order = ["north", "south", "", "west", "north", ""]
    assert take_all(shares, 6)[1] == order


def test_long_requests_have_two_threads_and_leave_the_others_to_short_ones(shares):
    add(shares, "north", 5, is_long=True)
    taken, farms = take_all(shares, 8)
    assert farms == ["north"] * 2 + [None] * 6
    add(shares, "north", 3)
    assert [each.is_long for each in take_all(shares, 3)[0]] == [False] * 3
    add(shares, "south", is_long=True)
    shares.done(taken[0])
    assert shares.take().farm == "south"
    assert shares.take() is None


def test_a_farm_leaves_one_of_them_to_other_farms(shares):
    """Two printers that do not answer would keep all exports waiting for a minute."""
    shares.known |= {"north", "south"}
    add(shares, "north", 5, is_long=True)
    assert take_all(shares, 3)[1] == ["north", None, None]
    add(shares, "south", is_long=True)
    assert shares.take().farm == "south"


def test_two_run_at_once_and_another_where_one_of_them_waits_for_something(shares):
    shares.running_threads = 2
    add(shares, "north", 5)
    add(shares, "south", 2, is_long=True)
    taken, farms = take_all(shares, 5)
    assert farms == ["north", "south", "north", "south", None]
    assert (shares.is_waiting(), shares.may_start()) == (True, False)
    shares.done(taken[0])
    assert shares.may_start()
    assert take_all(shares, 2)[1] == ["north", None]
    shares.clock.now += RUNNING_SECONDS
    assert shares.may_start()
    assert take_all(shares, 3)[1] == ["north", "north", None]
    assert not shares.is_waiting()


def test_nobody_looks_for_a_request_where_all_threads_run(shares):
    add(shares, "north", 9)
    take_all(shares, 8)
    assert (shares.is_waiting(), shares.may_start()) == (True, False)


def test_what_waits_too_long_is_given_back_and_never_served(shares):
    add(shares, "north", 2, is_long=True)
    take_all(shares, 2)
    add(shares, "north", 2, is_long=True)
    shares.clock.now = LONGEST_WAIT_SECONDS - 1
    add(shares, "north", is_long=True)
    assert shares.expired() == []
    shares.clock.now = LONGEST_WAIT_SECONDS + 1
    assert len(shares.expired()) == 2
    assert shares.expired() == []


def test_a_farm_has_a_hundred_waiting_at_most(shares):
    add(shares, "north", MAX_WAITING)
    with pytest.raises(TooManyWaiting):
        add(shares, "north")
    add(shares, "south")


def test_nothing_is_left_of_farms_that_were_served(shares):
    add(shares, "north", 3)
    add(shares, "south", 3, is_long=True)
    taken, _ = take_all(shares, 8)
    for each in filter(None, taken):
        shares.done(each)
    shares.done(shares.take())
    assert shares._farms == {}


def test_between_the_parts_of_a_long_answer_others_go_first_for_a_while(shares):
    clock, slept = shares.clock, []

    def sleep(seconds):
        slept.append(seconds)
        clock.now += seconds

    def seconds_of_two_parts():
        slept.clear()
        assert list(shares.giving_way(["one", "two"], sleep)) == ["one", "two"]
        return sum(slept)

    add(shares, "north", is_long=True)
    shares.take()
    assert seconds_of_two_parts() == 0
    add(shares, "south")
    other = threading.Thread(target=shares.take)
    other.start()
    other.join()
    assert seconds_of_two_parts() == pytest.approx(GIVE_WAY_SECONDS, abs=0.002)
    assert not shares.has_brief(), "one that takes longer waits for the database"
    add(shares, "south")
    shares.take()
    answer = ["brief"]
    assert shares.giving_way(answer) is answer
