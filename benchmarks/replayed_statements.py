"""The statements of requests, recorded by a middleware, and sent again by a bare view of Django.

It finds and enters the farm as the project does, in one round trip; the rest is sent as it was.

Recording and replaying, each by a server of its own on a copy of the same data, are chosen by
`benchmarks.replaying_settings`. A request is known by its address: each asks for a verb once.
The answer to a GET is what PostgreSQL wrote; of the others, its JSON is written anew.
"""

import json
import os
import pickle
from contextlib import nullcontext
from functools import cache
from itertools import groupby
from pathlib import Path

from django.db import connection, transaction
from django.http import HttpResponse, JsonResponse
from django.urls import re_path
from psycopg.pq import Format

from tenants.models import Tenant
from tenants.schemas import logins
from tenants.web.middleware import enter, leave_farm


class RecordStatements:
    """Writes what each request sends to the database once its farm is entered, and what it is
    answered with, to a file."""

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        statements = []

        def record(execute, sql, params, many, context):
            cursor = context["cursor"].cursor
            kind = type(cursor).__name__ == "PreparingCursor", cursor.format == Format.BINARY
            statements.append((connection.in_atomic_block, *kind, str(sql), params))
            return execute(sql, params, many, context)

        with connection.execute_wrapper(record):
            response = self.get_response(request)
        if request.path.startswith("/api/"):
            is_read = request.method == "GET"
            answer = response.content if is_read else json.loads(response.content)
            _file_of(request.get_full_path()).write_bytes(pickle.dumps((statements, answer)))
        return response


def replay(request):
    """Enter the farm, and send what was recorded: within a transaction what was within one."""
    body = request.body and json.loads(request.body)
    statements, answer = _recorded()[request.get_full_path()]
    logins.borrow(request.get_host())
    try:
        enter(Tenant.objects.enter_at_host(request.get_host().partition(":")[0]), request.method)
        _send_all(statements)
    finally:
        leave_farm()
    if body:
        response = JsonResponse(answer)
    else:
        response = HttpResponse(answer, content_type="application/json")
    response["Content-Length"] = len(response.content)
    return response


def _send_all(statements):
    for is_atomic, some in groupby(statements, key=lambda each: each[0]):
        with transaction.atomic() if is_atomic else nullcontext():
            for each in some:
                _send(*each[1:])


def _send(is_prepared, is_binary, sql, params):
    opened = connection.prepared_cursor(is_binary=is_binary) if is_prepared else connection.cursor()
    with opened as cursor:
        cursor.execute(sql, params)
        return cursor.fetchall() if cursor.description else None


@cache
def _recorded():
    """``{path: (statements, answer)}``"""
    every = [pickle.loads(each.read_bytes()) for each in _folder().iterdir()]
    if not all(statements for statements, _answer in every):
        raise ValueError("Of a request, no statements were recorded.")
    names = [each.name.replace("|", "/") for each in _folder().iterdir()]
    return dict(zip(names, every, strict=True))


def _file_of(url):
    return _folder() / url.replace("/", "|")


def _folder():
    return Path(os.environ["RECORDED_STATEMENTS"])


def is_ready(request, _path):
    _recorded()
    return HttpResponse()


urlpatterns = [re_path("^(readyz|healthz)$", is_ready), re_path("^api/", replay)]
