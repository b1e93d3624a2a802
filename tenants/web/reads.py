"""Reads as operations: a GET has a span, a measurement and, at DEBUG, a log line."""

import logging
import re
from contextlib import ExitStack
from http import HTTPStatus

from django.apps import apps

from tenants.operations.operation import observed

READS = {"retrieve": "get", "show": "get", "change": "get", "changelist": "list", "csv": "export"}
CAPITAL = re.compile("(?<=[a-z])(?=[A-Z])")
RUN = re.compile(r"/(?:production-runs|productionrun|runs)/([0-9]{1,18})/")


class ReadMiddleware:
    """Observes a GET of rows, a report, a document or a page until its last byte is rendered.

    Who may not read, or reads what is not there, is an outcome by the code of the answer.
    """

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        with ExitStack() as request.observation:
            request.observed, request.failure = {}, None
            response = self.get_response(request)
            if response.status_code >= 400:
                request.observed["outcome"] = _code_of(response)
            if request.failure and response.status_code >= 500:
                failure = request.failure
                request.observation.__exit__(type(failure), failure, failure.__traceback__)
            if response.streaming:
                rows = response.streaming_content
                response.streaming_content = _within(request.observation.pop_all(), rows)
            return response

    def process_view(self, request, view, args, kwargs):
        name = operation_type(request.resolver_match)
        if name and request.method in ("GET", "HEAD"):
            observation = observed(name, level=logging.DEBUG)
            request.observed = request.observation.enter_context(observation)
            if run := RUN.search(request.path_info):
                request.observed["run_id"] = int(run[1])

    def process_exception(self, request, exception):
        request.failure = exception


def operation_type(match):
    """What a GET of the address is called: ``production_run.list``, ``report.variance``,
    ``floor.today``; "" if it reads nothing of a farm."""
    if actions := getattr(match.func, "actions", None):
        action = actions.get("get", "")
        return match.func.cls.observed_as or _of_model(match.func.cls.queryset.model, action)
    if name := getattr(match.func, "observed_as", ""):
        return name
    name = match.url_name or ""
    if name and match.app_name == "admin":
        return _of_admin(name)
    return name.replace("-", ".", 1).replace("-", "_") if name.startswith("floor-") else ""


def _of_admin(name):
    app_label, _, rest = name.partition("_")
    model_name, _, page = rest.partition("_")
    if page in READS:
        return _of_model(apps.get_model(app_label, model_name), page)
    return f"admin.{name.replace('-', '_')}"


def _of_model(model, action):
    subject = CAPITAL.sub("_", model.__name__).lower()
    return f"{subject}.{READS.get(action, action)}"


def _code_of(response):
    problem = getattr(response, "data", None)
    if isinstance(problem, dict) and "code" in problem:
        return problem["code"]
    return HTTPStatus(response.status_code).name.lower()


def _within(observation, rows):
    with observation:
        yield from rows
