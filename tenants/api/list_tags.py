"""Lists that are as they were are answered with 304, by ``If-None-Match``.

The tag of a list is a hash of its bytes, which is right whatever they depend on. Besides, a process
remembers the snapshot of PostgreSQL that a list was read in last. While that is the same, no
transaction that may have written anything has ended, in any farm: so the list is known without
being read, where its statement is always the same and doesn't look at the clock. This costs nothing
where something is written.
"""

from collections import OrderedDict
from functools import partial
from hashlib import blake2b

from django.db import connection
from django.http import HttpResponseNotModified
from django.utils.cache import get_conditional_response
from django.utils.http import parse_etags
from rest_framework.permissions import SAFE_METHODS

from tenants.api.json_rows import SNAPSHOT
from tenants.operations.compiled import fetch

MAX_LISTS = 1000  # that a process remembers
NOW = f"SELECT {SNAPSHOT}"

_read = OrderedDict()  # by what was asked: the snapshot, and the tag


def unchanged(view, rows):
    """304 if a list of all rows (``rows`` is None) is known to be as the caller has it, or None."""
    given = parse_etags(view.request.headers.get("If-None-Match", ""))
    if not given or rows is not None or connection.in_atomic_block:
        return None
    snapshot, tag = _read.get(_key(view), ("", ""))
    if tag not in {each.removeprefix("W/") for each in given} or fetch(NOW, None) != [(snapshot,)]:
        return None
    return HttpResponseNotModified(headers={"ETag": tag})


def tagged(view, page):
    """The answer with a page, which gets its tag once it is rendered."""
    response = view.get_paginated_response(page)
    if view.request.method in SAFE_METHODS and view.request.accepted_renderer.format == "json":
        snapshot = getattr(page, "snapshot", "")
        response.add_post_render_callback(partial(_with_tag, view, snapshot))
    return response


def _with_tag(view, snapshot, response):
    """The same response with its tag, or 304 instead."""
    response["ETag"] = tag = f'"{blake2b(response.content, digest_size=12).hexdigest()}"'
    if snapshot and not connection.in_atomic_block:  # what a transaction did itself is in none
        _read[_key(view)] = snapshot, tag
        if len(_read) > MAX_LISTS:
            _read.popitem(last=False)
    if "If-None-Match" not in view.request.headers:
        return response
    return get_conditional_response(view.request, tag, response=response)


def _key(view):
    """What makes a list beside the rows: the farm, the address, and how it is written."""
    request = view.request
    return request.tenant.pk, request.build_absolute_uri(), request.accepted_media_type
