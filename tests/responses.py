"""What was answered: by the API, by a page, to several at once."""

import re


def done(answer, status=200):
    """The answer of the API to a successful request."""
    assert answer.status_code == status, answer.content
    return answer.json()


def results(answer):
    """The rows on a page of a list."""
    return done(answer)["results"]


def refused(answer, status, code):
    """The problem that the API answers."""
    assert (answer.status_code, answer.json()["code"]) == (status, code), answer.content
    assert answer["Content-Type"] == "application/problem+json"
    return answer.json()


def text_of(answer):
    return answer.content.decode()


def without_labels(text):
    """A page without the headings that the cells of its tables repeat."""
    return re.sub(r' data-label="[^"]*"', "", text)


def refusals(results):
    """Of what ``in_threads`` answers: the kinds of errors."""
    return [type(result) for result in results if isinstance(result, Exception)]
