"""One hash of a password at a time in each process."""

import threading
from contextlib import ExitStack

import pytest
from django.contrib.auth import hashers

from config import settings as settings_of_the_program
from tenants.accounts import hashing, services
from tenants.accounts.models import User
from tests.factories import PASSWORD, make_user

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
    with ExitStack() as places:
        for _ in range(hashing.MAX_AT_ONCE - 1):
            places.enter_context(hashing._places)
        assert hashers.make_password("a secret")
        places.enter_context(hashing._places)
        with pytest.raises(hashing.HashingBusy):
            hashers.make_password("another")
    assert hashers.make_password("another")


def test_who_fails_leaves_the_place_to_the_next(hashed):
    with pytest.raises(ValueError, match="salt"):
        hashers.make_password("a secret", salt="a$b")
    assert hashers.check_password("a secret", hashers.make_password("a secret"))


def test_who_would_wait_too_long_is_refused_at_every_door(farm_client, api_client, hashed):
    user = make_user(role="manager", username="mona")
    services.set_password(user, password=PASSWORD, by=None)
    before = User.objects.get(pk=user.pk).password
    with hashing._lock:
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
    assert User.objects.get(pk=user.pk).password == before
    assert farm_client.post(SIGN_IN, {"username": "mona", "password": PASSWORD}).status_code == 302
