"""A day in a farm told through the API, and kept: what was asked, and what was answered.

Time, codes and ids are the story's own, so that it is the same each time it is told.
"""

import itertools
import json
import random
import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

from django.db import connection

from config.api.schema import ANSWERS
from production.models import Reason
from production.services import seeds

V1 = "/api/v1/"
JSON = "application/json"
CORRELATION = "3f2b8c1d9e7a4605b1c2d3e4f5a60718"
DOCUMENTS = {"application/pdf"}  # which no text can show


@dataclass(frozen=True)
class Exchange:
    """A request and its answer; an answer of no type is none that can be shown."""

    method: str
    path: str
    body_type: str
    body: object
    status: int
    answer_type: str
    answer: object
    headers: frozenset


class Teller:
    """Asks as a program would; ``exchanges`` is what was said, in order."""

    def __init__(self, client, clock):
        self.client, self.clock, self.exchanges = client, clock, []

    def get(self, path):
        return self.ask("GET", path)

    def post(self, path, body=None, **headers):
        return self.ask("POST", path, body, **headers)

    def refused(self, status, method, path, body=None, **headers):
        expected = status if isinstance(status, tuple) else (status,)
        return self.ask(method, path, body, expected=expected, **headers)

    def sign_in(self, user):
        self.client.force_authenticate(user)

    def listed(self, path, **query):
        """A list as JSON and as CSV; two rows of it tell enough."""
        asked = "&".join(f"{name}={value}" for name, value in {**query, "page_size": 2}.items())
        self.get(f"{path}?{asked}&format=csv")
        return self.get(f"{path}?{asked}")["results"]

    def ask(self, method, path, body=None, *, expected=(200, 201, 204), **headers):
        """The answer's JSON; its bytes where it is none."""
        self.clock.go_on(seconds=1)
        kind = "text/csv" if isinstance(body, str) else JSON
        content = body if isinstance(body, str) else "" if body is None else json.dumps(body)
        answer = self.client.generic(
            method, V1 + path, content, content_type=kind, HTTP_X_REQUEST_ID=CORRELATION, **headers
        )
        said = b"".join(answer.streaming_content) if answer.streaming else answer.content
        assert answer.status_code in expected, (method, path, answer.status_code, said)
        media_type = answer.get("Content-Type", "").partition(";")[0]
        if media_type.endswith("json"):
            said = json.loads(said)
        elif media_type == "text/csv":
            said = said.decode()
        self.exchanges.append(
            Exchange(
                method,
                V1 + path.partition("?")[0],
                kind,
                body,
                answer.status_code,
                "" if media_type in DOCUMENTS else media_type,
                said,
                frozenset({"ETag", "Location"} & set(answer.headers)),
            )
        )
        return said


class Clock:
    """The time of the story, for all that asks Django for it."""

    def __init__(self, monkeypatch, start):
        self.now = start
        clock = self

        class StoryTime(datetime):
            @classmethod
            def now(cls, tz=None):
                return clock.now.astimezone(tz or UTC)

        monkeypatch.setattr("django.utils.timezone.datetime", StoryTime)

    def go_on(self, **length):
        self.now += timedelta(**length)


def without_chance(monkeypatch):
    """Codes and secrets that are the same each time, and ids that start at 1."""
    monkeypatch.setattr("inventory.codes.secrets", random.Random(7))
    numbers = itertools.count(1)
    secret = SimpleNamespace(token_urlsafe=lambda length: f"shown-only-once-{next(numbers)}")
    monkeypatch.setattr("tenants.accounts.services.secrets", secret)
    query = """
        SELECT table_name, column_name FROM information_schema.columns
        WHERE table_schema = current_schema() AND is_identity = 'YES'
    """
    with connection.cursor() as cursor:
        cursor.execute(query)
        for table, column in cursor.fetchall():  # a rollback takes it back, unlike a setval()
            cursor.execute(f'ALTER TABLE "{table}" ALTER COLUMN "{column}" RESTART WITH 1')
    Reason.objects.all().delete()
    seeds.seed()


def told(exchanges, schema):
    """What config/api/examples.py shows: of each operation the first exchange, or the last where
    nothing but reading was done; and the first problem of each code."""
    operations, problems, patterns = {}, {}, list(_patterns(schema))
    for asked in exchanges:
        if asked.status >= 400:
            kind = problems.setdefault(ANSWERS[str(asked.status)], {})
            kind.setdefault(asked.answer["code"], asked.answer)
            continue
        operation = operations.setdefault(_operation(asked, patterns), {})
        if asked.body is not None:
            operation.setdefault("request", {asked.body_type: asked.body})
        answers = operation.setdefault("answers", {}).setdefault(str(asked.status), {})
        if asked.answer_type and (asked.method == "GET" or asked.answer_type not in answers):
            answers[asked.answer_type] = asked.answer
    return {"operations": operations, "problems": problems}


def _patterns(schema):
    for path, operations in schema["paths"].items():
        pattern = re.compile(re.sub(r"{\w+}", "[0-9]+", path))
        for method, operation in operations.items():
            yield method.upper(), pattern, operation["operationId"]


def wrongly_described(exchanges, schema):
    """Answers whose headers are not those that the schema tells of."""
    patterns, found = list(_patterns(schema)), {}
    for operations in schema["paths"].values():
        for operation in operations.values():
            found[operation["operationId"]] = operation["responses"]
    for asked in exchanges:
        if asked.status < 300:
            answer = found[_operation(asked, patterns)][str(asked.status)]
            told = {"ETag", "Location"} & answer.get("headers", {}).keys()
            if told != asked.headers:
                yield asked.method, asked.path, asked.status, sorted(asked.headers)


def _operation(asked, patterns):
    (name,) = (
        name
        for method, pattern, name in patterns
        if method == asked.method and pattern.fullmatch(asked.path)
    )
    return name


def written(told):
    """An operation, or a kind of problem, on each line."""
    sections = []
    for name, members in told.items():
        lines = [
            f"{json.dumps(key)}: {json.dumps(member, ensure_ascii=False)}"
            for key, member in sorted(members.items())
        ]
        sections.append(f"{json.dumps(name)}: {{\n" + ",\n".join(lines) + "\n}")
    return "{" + ",\n".join(sections) + "}\n"
