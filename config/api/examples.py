"""What was really asked and answered, as the examples of the API's description.

``examples.json`` holds an exchange of each operation, ``{"request": {media type: body}, "answers":
{status: {media type: body}}}`` by its id, and the problems of each kind by their codes. They are
of a day in a farm that a test lives through the API, and compares with it.
"""

import json
from functools import cache
from pathlib import Path

FILE = Path(__file__).with_name("examples.json")


@cache
def told():
    return json.loads(FILE.read_text())


def body_of(operation):
    """``(media type, body)`` that was sent to the operation of this id; None where it took none."""
    request = told()["operations"].get(operation, {}).get("request")
    return next(iter(request.items())) if request else None


def with_examples(result, generator, request, public):
    """Every body, every answer and every kind of problem with one of its kind."""
    for operations in result["paths"].values():
        for operation in operations.values():
            exchange = told()["operations"].get(operation["operationId"], {})
            _show(operation.get("requestBody", {}), exchange.get("request", {}))
            for status, bodies in exchange.get("answers", {}).items():
                _show(operation["responses"].get(status, {}), bodies)
    for name, problems in told()["problems"].items():
        answer = result["components"]["responses"][name]
        shown = {
            code: {"summary": problem["title"], "value": problem}
            for code, problem in problems.items()
        }
        answer["content"] = {
            media_type: {**content, "examples": shown}
            for media_type, content in answer["content"].items()
        }
    return result


def _show(part, bodies):
    """Put each body beside the schema of its media type."""
    for media_type, content in part.get("content", {}).items():
        if media_type in bodies:
            content["example"] = bodies[media_type]
