"""The port of the web server is looked at before anything is started."""

import socket

import pytest

from config import ports


@pytest.fixture
def taken():
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        yield listening.getsockname()[1]


def test_a_port_in_use_is_named_with_another_to_try(taken, monkeypatch):
    monkeypatch.setattr(ports, "WAIT_SECONDS", 0)
    with pytest.raises(ports.PortError) as refused:
        ports.check("127.0.0.1", taken, report=print)
    assert f"Port {taken} is in use by another program" in str(refused.value)
    assert f"make run PORT={taken + 1}" in str(refused.value)


def test_a_port_that_is_given_up_meanwhile_is_waited_for(taken, monkeypatch):
    problems = iter([ports._problem("127.0.0.1", taken), None])
    monkeypatch.setattr(ports, "_problem", lambda *_: next(problems))
    ports.check("127.0.0.1", taken, report=print)
