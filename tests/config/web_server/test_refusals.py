"""What the web server answers by itself where there is no request, or no answer to it."""

import json

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
