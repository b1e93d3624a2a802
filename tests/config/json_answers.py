"""Answers whose rows the database writes, compared with those of REST framework alone."""

import re

import pytest

from config.api.urls import router

LISTS = {name: (prefix, view) for prefix, view, name in router.registry if hasattr(view, "list")}
# Those of which the database writes the rows, as they are rows of models all through.
LEFT = ("roles", "sliced-files", "stocktakes-lines")  # to their serializers
WRITTEN = sorted(name for name in LISTS if not name.startswith("reports/") and name not in LEFT)
CHANGING = {"X-Request-ID"}


def by_the_framework(client, address, **headers):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("tenants.api.views.is_expressible", lambda view: False)
        return client.get(address, headers=headers)


def plain(answer):
    """Without what is another one in each answer."""
    headers = {name: value for name, value in answer.headers.items() if name not in CHANGING}
    content = re.sub(rb'"correlation_id":"\w+"', b"", answer.content)
    return answer.status_code, content, headers


def compared(client, address):
    answer = client.get(address)
    assert plain(answer) == plain(by_the_framework(client, address)), address
    return answer


def addresses(name):
    """Of a list; of one below a row, for each row that there is."""
    prefix, view = LISTS[name]
    if "(" not in prefix:
        return [f"/api/v1/{prefix}/"]
    parents = view.parents.order_by("pk").values_list("pk", flat=True)
    return [f"/api/v1/{re.sub(r'[(].*[)]', str(pk), prefix)}/" for pk in parents]
