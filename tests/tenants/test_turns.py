"""Whose turn it is, among callers of several kinds."""

import pytest

from tenants.operations.turns import WINDOW_SECONDS, NoTurn, Turns
from tests.tenants.turns_queue import Queue

PLACES = {"stranger": 3, "known": 2}


class Clock:
    now = 1000.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def turns(clock):
    return Turns(PLACES, clock)


def take(turns, *names, kind="stranger"):
    for name in names:
        with turns.turn(kind, name, timeout=0):
            pass


def test_strangers_at_many_addresses_take_no_place_from_known_browsers(turns):
    queue = Queue(turns)
    queue.wait("stranger", *(f"10.0.0.{number}" for number in range(14)))
    assert len(queue.refused) == 10
    queue.wait("known", "mona", "otto")
    assert len(queue.refused) == 10
    had = ["10.0.0.0", "mona", "10.0.0.1", "otto", "10.0.0.2", "10.0.0.3"]
    assert queue.go_on() == had  # the kinds in turn


def test_known_browsers_take_no_place_from_strangers(turns):
    queue = Queue(turns)
    queue.wait("known", "a", "b", "c", "d")
    queue.wait("stranger", "new")
    assert queue.refused == ["d"]
    assert queue.go_on() == ["a", "new", "b", "c"]


def test_another_address_comes_before_those_that_try_and_try(turns):
    attackers = [f"10.0.0.{number}" for number in range(14)]
    take(turns, *attackers, *attackers)
    queue = Queue(turns)
    queue.wait("stranger", *attackers[:4])
    queue.wait("stranger", "new")
    assert queue.refused == [attackers[3]]  # pushed out: the last to come of those with most turns
    assert queue.go_on() == [attackers[0], "new", *attackers[1:3]]


def test_whoever_mistyped_comes_before_those_that_try_and_try(turns):
    take(turns, *["a", "b", "c", "d"] * 3, "mistyped")
    queue = Queue(turns)
    queue.wait("stranger", "a", "b", "c", "d", "mistyped", "mistyped")
    assert queue.go_on()[:3] == ["a", "mistyped", "mistyped"]


def test_one_address_has_one_turn_of_each_round(turns):
    queue = Queue(turns)
    queue.wait("stranger", "a", "a", "a", "b")
    assert queue.go_on() == ["a", "b", "a", "a"]


def test_turns_are_forgotten_after_a_minute(turns, clock):
    take(turns, "a")
    clock.now += WINDOW_SECONDS + 1
    take(turns, "b")
    queue = Queue(turns)
    queue.wait("stranger", "x", "b", "a")
    assert queue.go_on() == ["x", "a", "b"]


def test_who_waits_too_long_leaves_the_place_to_the_next(turns):
    with turns.turn("stranger", "a", timeout=0):
        for _ in range(PLACES["stranger"] + 1):
            with pytest.raises(NoTurn), turns.turn("stranger", "b", timeout=0):
                pass
    take(turns, "b")
