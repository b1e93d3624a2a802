"""What the web server answers by itself where there is no request, or no answer to it."""

import json
import logging

import pytest

from config.logging import JsonFormatter
from config.web_server.refusals import BUSY, FAILED
from config.web_server.shares import TooManyWaiting
from tests.config.web_server.workers import CLOSE, answers_to, echo, working


def problem_of(received):
    """Status and code of an answer; it is small, and a problem."""
    head, _, body = received.partition(b"\r\n\r\n")
    problem = json.loads(body)
    assert head.startswith(f"HTTP/1.1 {problem['status']} {problem['title']}\r\n".encode())
    assert b"\r\nContent-Type: application/problem+json\r\n" in head
    assert problem["type"] == f"/problems/{problem['code']}"
    assert len(received) < 1_000
    return problem["status"], problem["code"]


def test_what_is_no_request_is_answered_with_a_small_problem():
    line, long = b"GET / HTTP/1.1\r\n", b"x" * 9_000
    with working(echo) as served:
        for sent, expected in (
            (b"GET /\r\n\r\n", (400, "unreadable")),
            (b"\r\n\r\n", (400, "unreadable")),
            (line + b"A b: c\r\n\r\n", (400, "unreadable")),
            (line + b"A: b\r\n c\r\n\r\n", (400, "unreadable")),
            (b"GET " + b"\xff<b>" * 900 + b"\r\n\r\n", (400, "unreadable")),
            (b"GET /" + long + b" HTTP/1.1\r\n\r\n", (414, "address_too_long")),
            (line + b"X: " + long + b"\r\n\r\n", (431, "head_too_large")),
            (line + b"X: " + b"x" * 70_000, (431, "head_too_large")),
            (line + b"Transfer-Encoding: br\r\n\r\n", (501, "unsupported_coding")),
            (line + b"Host: a\r\nExpect: more\r\n\r\n", (417, "unknown_expectation")),
        ):
            assert problem_of(answers_to(served, sent)) == expected, sent[:60]
        assert b"200 OK" in answers_to(served, CLOSE)


def test_what_the_application_fails_at_is_a_small_problem_too():
    def application(environ, start_response):
        if environ["PATH_INFO"] == "/header":
            start_response("200 OK", [("X", "a\r\nb")])
        raise ValueError("x" * 5_000)

    with working(application) as served:
        for path in (b"/", b"/header"):
            sent = CLOSE.replace(b"/ ", path + b" ", 1)
            assert problem_of(answers_to(served, sent)) == (500, "server_error")


@pytest.mark.parametrize(
    ("path", "member"),
    [
        (b"/d/some-token/api/v1/info", "message"),
        (b"/%61pi/v1/spool/3/use", "message"),
        (b"/d/x", "message"),
        (b"/api/version", "error"),
        (b"/%61pi/files/local", "error"),
        (b"/api/files/local?x=1", "error"),
    ],
)
def test_a_printer_and_a_slicer_are_answered_with_a_sentence(path, member):
    def application(environ, start_response):
        raise ValueError

    def refuse(conn):
        raise TooManyWaiting

    with working(application) as served:
        answers = {FAILED: answers_to(served, CLOSE.replace(b"/ ", path + b" ", 1))}
        served.shares.add = refuse
        answers[BUSY] = answers_to(served, CLOSE.replace(b"/ ", path + b" ", 1))
        assert problem_of(answers_to(served, CLOSE)) == (503, "server_busy")
    for refusal, answer in answers.items():
        head, _, body = answer.partition(b"\r\n\r\n")
        assert head.startswith(f"HTTP/1.1 {refusal.status:d} ".encode())
        assert b"\r\nContent-Type: application/json\r\n" in head
        assert json.loads(body) == {member: refusal.detail}
    assert b"\r\nRetry-After: 5" in answers[BUSY]


@pytest.fixture
def logged(caplog, monkeypatch):
    """``logged(served)``: the lines of a worker's log from now on, as they are written."""

    def lines(served):
        served.log.error_log.setLevel(logging.INFO)
        monkeypatch.setattr(served.log.error_log, "handlers", [caplog.handler])
        caplog.handler.setFormatter(JsonFormatter())
        monkeypatch.setattr(logging.getLogger("gunicorn.http.wsgi"), "propagate", True)
        return lambda: caplog.text.splitlines()

    return lines


GET = b"GET /"
PASSWORD = b"username=manager&password=swordfish"


@pytest.mark.parametrize(
    ("sent", "kind"),
    [
        (b"POST / HTTP/1.1\r\nHost: north\r\n\r\n" + PASSWORD + b"\r\n\r\n", "InvalidRequestLine"),
        (b"GET / HTTP/1.1\r\nCookie swordfish\r\n\r\n", "InvalidHeader"),
        (b"GET / HTTP/1.1\r\nswordfish fish: a\r\n\r\n", "InvalidHeaderName"),
        (b"GET / HTTP/1.1\r\nA: b\r\n swordfish\r\n\r\n", "ObsoleteFolding"),
        (b"GET / SWORDFISH/swordfish\r\n\r\n", "InvalidHTTPVersion"),
        (b"GET / HTTP/1.1\r\nTransfer-Encoding: swordfish\r\n\r\n", "UnsupportedTransferCoding"),
        (b"GET / HTTP/1.1\r\nHost: a\r\nExpect: swordfish\r\n\r\n", "ExpectationFailed"),
        (
            b"GET /?code=swordfish HTTP/1.1\r\nA: " + b"x" * 9_000 + b"\r\n\r\n",
            "LimitRequestHeaders",
        ),
    ],
)
def test_what_can_not_be_read_is_one_warning_without_what_was_sent(logged, sent, kind):
    with working(echo) as served:
        lines = logged(served)
        answer = answers_to(served, sent)
        (line,) = [json.loads(each) for each in lines()]
    assert (line["level"], line["message"].rpartition(": ")[2]) == ("WARNING", kind)
    assert "exception" not in line
    assert "swordfish" not in (json.dumps(line) + answer.decode()).lower()


def test_what_the_application_fails_at_is_logged_without_the_query(logged):
    def application(environ, start_response):
        raise ValueError("of ours")

    with working(application) as served:
        lines = logged(served)
        answers_to(served, CLOSE.replace(b"/ ", b"/here?code=swordfish ", 1))
        (line,) = [json.loads(each) for each in lines()]
    assert (line["level"], line["message"]) == ("ERROR", "Error handling request /here")
    assert "of ours" in line["exception"]
    assert "swordfish" not in json.dumps(line)


def test_an_answer_to_head_has_no_body_and_is_no_warning(logged):
    closed = []

    class Answer(list):
        def close(self):
            closed.append(self)

    def application(environ, start_response):
        start_response("400 Bad Request", [("Content-Length", "4")])
        return Answer([b"body"])

    head = CLOSE.replace(b"GET", b"HEAD")
    with working(application) as served:
        lines = logged(served)
        answer = answers_to(served, head)
        assert answer.startswith(b"HTTP/1.1 400 ")
        assert b"\r\nContent-Length: 4\r\n" in answer
        assert answer.endswith(b"\r\n\r\n")
        assert len(closed) == 1
        assert lines() == []


def test_what_the_server_answers_to_head_itself_has_no_body():
    def application(environ, start_response):
        raise ValueError

    with working(application) as served:
        answer = answers_to(served, CLOSE.replace(b"GET", b"HEAD"))
    assert answer.startswith(b"HTTP/1.1 500 ")
    assert answer.endswith(b"\r\n\r\n")
