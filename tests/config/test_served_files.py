"""Sliced files as they are served: long, in a form or in chunks, and refused before they come."""

import hashlib

import pytest

from production.models import SlicedFile
from tests.config.served import V1, answer_to_head, raw, signed
from tests.factories import make_token, make_user
from tests.production.slicing import samples

FILES = f"{V1}sliced-files/"
NAMED = {"Content-Disposition": 'attachment; filename="Hook.gcode"'}
HEAD, _, FOOT = samples.PRUSA.partition("G28\n")
LONG = (HEAD + "G1 X10 Y10 E0.5\n" * 440_000 + FOOT).encode()  # 7 MB: too long for anything else


@pytest.mark.parametrize("way", ["body", "form", "chunks"])
def test_a_long_file_is_read(at_farm, token, way):
    headers, sent = signed(token) | NAMED, {"content": LONG}
    if way == "form":
        headers, sent = signed(token), {"files": {"file": ("Hook.gcode", LONG)}}
    elif way == "chunks":
        sent = {"content": (LONG[place : place + 99_999] for place in range(0, len(LONG), 99_999))}
    answer = at_farm.post(FILES, headers=headers, timeout=60, **sent)
    assert answer.status_code == 201, answer.text
    read = answer.json()
    assert read["sha256"] == hashlib.sha256(LONG).hexdigest()
    assert SlicedFile.objects.get(pk=read["id"]).size_bytes == len(LONG)
    assert at_farm.get(f"{V1}me/", headers=signed(token)).status_code == 200


def test_a_key_stands_for_the_file_and_not_for_the_form_around_it(at_farm, token):
    headers = signed(token) | {"Idempotency-Key": "k-1"}
    forms = [
        {"file": ("Hook.gcode", text)} for text in (samples.PRUSA, samples.PRUSA, samples.ORCA)
    ]
    first, again, other = (at_farm.post(FILES, headers=headers, files=form) for form in forms)
    assert (first.status_code, again.json()) == (201, first.json())
    assert again.headers["Idempotency-Replayed"] == "true"
    assert (other.status_code, other.json()["code"]) == (422, "idempotency_key_reused")
    assert SlicedFile.objects.count() == 1


@pytest.mark.parametrize(
    ("path", "role", "status"),
    [(FILES, "", 401), (FILES, "viewer", 403), ("/floor/sliced-files/", "", 413)],
)
def test_a_file_is_refused_before_it_comes(server, committed_farm, path, role, status):
    secret = make_token(make_user(role=role)) if role else "spb_made-up"
    known = f"Authorization: Token {secret}" if path == FILES else "Cookie: sessionid=made-up"
    answer = answer_to_head(server, committed_farm, path, known)
    assert answer.startswith(f"HTTP/1.1 {status} ")


def test_a_file_beyond_the_limit_is_refused_by_its_head(server, committed_farm, token):
    head = f"POST {FILES} HTTP/1.1\r\nAuthorization: Token {token}\r\nContent-Length: 536870913"
    answer = raw(server, committed_farm, head, b"G28").decode()
    assert answer.startswith("HTTP/1.1 413 ")
    assert '"limit_bytes": 536870912, "length_bytes": 536870913' in answer
