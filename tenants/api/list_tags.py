"""Lists that are as they were are answered with 304, by ``If-None-Match``.

The tag of a list is a hash of its bytes, which is right whatever they depend on. Besides, a process
remembers the last tag of a list whose statement is always the same, as long as nothing is written
(``tenants.operations.snapshots``) and the clock changes nothing of it. Such a list is known without
being read.
"""

from functools import partial
from hashlib import blake2b

from django.db import connection
from django.http import HttpResponseNotModified
from django.utils.cache import get_conditional_response
from django.utils.http import parse_etags
from rest_framework.permissions import SAFE_METHODS

from tenants.operations.snapshots import Remembered

_read = Remembered(1000)  # by what was asked: the tag, and the period of the list


def unchanged(view, rows):
    """304 if a list of all rows (``rows`` is None) is known to be as the caller has it, or None."""
    given = parse_etags(view.request.headers.get("If-None-Match", ""))
    if not given or rows is not None or not (known := _read.get(_key(view))):
        return None
    tag, (since, until) = known
    if tag not in {each.removeprefix("W/") for each in given}:
        return None
    if since and connection.began_at < since or until and connection.began_at > until:
        return None
    return HttpResponseNotModified(headers={"ETag": tag})


def tagged(view, page):
    """The answer with a page, which gets its tag once it is rendered."""
    response = view.get_paginated_response(page)
    if view.request.method in SAFE_METHODS and view.request.accepted_renderer.format == "json":
        period = getattr(page, "period", None)
        response.add_post_render_callback(partial(_with_tag, view, period))
    return response


def _with_tag(view, period, response):
    """The same response with its tag, or 304 instead."""
    response["ETag"] = tag = f'"{blake2b(response.content, digest_size=12).hexdigest()}"'
    if period:
        _read.put(_key(view), (tag, period))
    if "If-None-Match" not in view.request.headers:
        return response
    return get_conditional_response(view.request, tag, response=response)


def _key(view):
    """What makes a list of a farm beside its rows: the address, and how it is written."""
    return view.request.build_absolute_uri(), view.request.accepted_media_type
