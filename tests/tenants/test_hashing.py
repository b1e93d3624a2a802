"""One hash of a password at a time in each process."""

import threading
from contextlib import contextmanager

import pytest
from django.contrib.auth import hashers

from config import settings as settings_of_the_program
from tenants.accounts import devices, hashing, known_browsers, passwords, pins, services
from tenants.accounts.models import User
from tests.factories import PASSWORD, make_user
from tests.tenants.turns_queue import Queue

SIGN_IN = "/accounts/login/"
TOKENS = "/api/v1/tokens/"


@pytest.fixture
def hashed(settings, monkeypatch):
    """Passwords are hashed as in the program, but quickly, and nobody waits."""
    settings.PASSWORD_HASHERS = settings_of_the_program.PASSWORD_HASHERS
    monkeypatch.setattr(hashing.PasswordHasher, "iterations", 2)
    monkeypatch.setattr(hashing, "MAX_WAIT_SECONDS", 0)


def test_two_threads_hash_one_after_the_other(hashed, monkeypatch):
    started, may_end = threading.Event(), threading.Event()

    def slowly(*args, **kwargs):
        started.set()
        assert may_end.wait(10)
        return b"hash"

    monkeypatch.setattr(hashers, "pbkdf2", slowly)
    thread = threading.Thread(target=hashers.make_password, args=["a secret"])
    thread.start()
    assert started.wait(10)
    with pytest.raises(hashing.HashingBusy):
        hashers.make_password("another")
    may_end.set()
    thread.join()
    assert hashers.make_password("another").startswith("pbkdf2_sha256$2$")


def test_threads_do_not_pile_up(hashed, monkeypatch):
    monkeypatch.setattr(hashing, "MAX_WAIT_SECONDS", 10)
    queue = Queue(hashing._turns)
    queue.wait("stranger", "", times=1 + hashing.MAX_WAITING["stranger"])
    with pytest.raises(hashing.HashingBusy):
        hashers.make_password("another")
    queue.go_on()
    assert hashers.make_password("another")


def test_who_fails_leaves_the_place_to_the_next(hashed):
    with pytest.raises(ValueError, match="salt"):
        hashers.make_password("a secret", salt="a$b")
    assert hashers.check_password("a secret", hashers.make_password("a secret"))


def test_who_would_wait_too_long_is_refused_at_every_door(farm_client, api_client, hashed, caplog):
    user = make_user(role="manager", username="mona")
    services.set_password(user, password=PASSWORD, by=None)
    before = User.objects.get(pk=user.pk).password
    with hashing._turns.turn("stranger", "", timeout=0):
        for name in ("mona", "nobody"):  # who is there can't be told by it
            page = farm_client.post(SIGN_IN, {"username": name, "password": PASSWORD})
            assert (page.status_code, page["Retry-After"]) == (503, "5")
            assert "Too many people sign in" in page.content.decode()
            assert f'value="{name}"' in page.content.decode()
            body = {"username": name, "password": PASSWORD, "name": "Slicer", "scope": "all"}
            problem = api_client.post(TOKENS, body)
            assert (problem.status_code, problem["Retry-After"]) == (503, "5")
            assert problem.json()["code"] == "hashing_busy"
        with pytest.raises(hashing.HashingBusy):
            services.set_password(user, password=f"{PASSWORD}-2", by=None)
    logged = [each for each in caplog.records if each.name == "django.request"]
    assert [each.levelname for each in logged] == ["WARNING"] * 4
    assert User.objects.get(pk=user.pk).password == before
    assert farm_client.post(SIGN_IN, {"username": "mona", "password": PASSWORD}).status_code == 302


@pytest.fixture
def asked(hashed, monkeypatch):
    """Of each hash, of which kind and for whom it was asked."""
    asked = []

    @contextmanager
    def turn(kind, who, *, timeout):
        asked.append((kind, who))
        yield

    monkeypatch.setattr(hashing._turns, "turn", turn)
    return asked


def test_whose_browser_is_known_has_places_of_their_own(asked, farm_client, api_client):
    services.set_password(make_user(username="mona"), password=PASSWORD, by=None)
    body = {"username": "mona", "password": PASSWORD}
    token = body | {"name": "Slicer", "scope": "read"}
    address = {"REMOTE_ADDR": "2001:db8::7"}
    of_network = "2001:db8::/64"
    asked.clear()
    assert farm_client.post(SIGN_IN, body, **address).status_code == 302
    assert api_client.post(TOKENS, token, **address).status_code == 201
    assert asked == [("stranger", of_network)] * 2
    asked.clear()
    mark = farm_client.cookies[known_browsers.COOKIE].value
    for client in (farm_client, api_client):
        client.cookies.clear()
        client.cookies[known_browsers.COOKIE] = mark
    assert api_client.post(TOKENS, token | {"name": "X"}, **address).status_code == 201
    assert farm_client.post(SIGN_IN, body, **address).status_code == 302
    assert asked == [("known", of_network)] * 2
    asked.clear()
    del farm_client.cookies[settings_of_the_program.SESSION_COOKIE_NAME]
    farm_client.post(SIGN_IN, body | {"username": "otto"}, **address)
    assert asked == [("stranger", of_network)]


def test_whoever_is_signed_in_has_places_of_their_own(asked, farm):
    user = make_user(role="manager")
    device, _secret = devices.register(name="Tablet", by=user)
    asked.clear()
    services.set_password(user, password=PASSWORD, by=None)
    passwords.confirm(user, password=PASSWORD, address="10.0.0.1")
    services.change_own_password(user, password=f"{PASSWORD}-2", end_tokens=False)
    pins.check(pins.set_pin(user, pin="8305", by=user), pin="8305", device=device)
    assert {kind for kind, _who in asked} == {"known"}
    assert hashers.make_password("a secret")
    assert asked[-1][0] == "stranger"
