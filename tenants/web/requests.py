"""The caller of a request, its limits, and refusals outside of views."""

import ipaddress
from datetime import UTC, datetime
from functools import lru_cache
from urllib.parse import urlsplit, urlunsplit

from django.conf import settings
from django.core.exceptions import DisallowedHost
from django.core.handlers.wsgi import WSGIRequest
from django.http import JsonResponse
from django.shortcuts import render
from django.utils.http import parse_header_parameters, url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _

from tenants.operations.refusals import Invalid
from tenants.web import files, limits, printer_addresses
from tenants.web.problems import CONTENT_TYPE, headers_of, of_refusal


class Request(WSGIRequest):
    """A request in UTF-8: no charset of a Content-Type changes how it is read.

    Django decodes the query string by that charset, and raises where the name is not of a text
    encoding or can't be read. ``content_type`` is None where the header can't be read.
    """

    def _load_post_and_files(self):
        """A form with files is read where it lies."""
        if is_form_with_files(self):
            self._post, self._files = files.form_of(self)
        else:
            super()._load_post_and_files()

    def _set_content_type_params(self, meta):
        try:
            parsed = parse_header_parameters(meta.get("CONTENT_TYPE", ""))
        except ValueError:
            parsed = None, {}
        self.content_type, self.content_params = parsed


class TooLarge(Invalid):
    """A body beyond the limit, by its Content-Length or by what was read."""

    code = "too_large"
    status = 413
    title = "The body is too large"


def is_form_with_files(request):
    is_form, sent = files.is_a_form(request), (request.method, request.path_info)
    return is_form and (limits.takes_files(*sent) or limits.takes_photo(*sent))


def max_body_bytes(request):
    """The largest body of a request."""
    is_known = has_path_token(request) or any(map(request.headers.get, limits.CREDENTIALS))
    return limits.max_body_bytes(
        request.method,
        request.path_info,
        is_known=is_known,
        limit=settings.DATA_UPLOAD_MAX_MEMORY_SIZE,
        file_limit=settings.MAX_FILE_BYTES,
    )


def too_large(limit, **numbers):
    detail = _("A body has at most %(limit)s bytes: send less at once.") % {"limit": limit}
    return TooLarge(detail, limit_bytes=limit, **numbers)


def has_path_token(request):
    return printer_addresses.TOKEN in request.META


def is_for_printers(request):
    """Whether a request is in Spoolman's language, and so is the answer."""
    return printer_addresses.is_for_printers(request.path_info, request.META)


def short_answer(request, sentence, status):
    """The answer of an error in the language of printers or slicers, which has a sentence alone;
    None for all else."""
    if is_for_printers(request):
        return JsonResponse({"message": sentence}, status=status)
    if printer_addresses.is_for_slicers(request.path_info):
        return JsonResponse({"error": sentence}, status=status)
    return None


def render_refusal(request, refusal, template="tenants/refused.html"):
    """Answer a refusal outside of any view, without a farm and a style sheet."""
    response = short_answer(request, refusal.detail, refusal.status)
    if response is not None:
        pass
    elif wants_json(request):
        problem = of_refusal(refusal)
        response = JsonResponse(problem, status=refusal.status, content_type=CONTENT_TYPE)
    else:
        context = {"refusal": refusal, "back": sent_from(request)}
        response = render(None, template, context, status=refusal.status)
    for name, value in headers_of(refusal).items():
        response[name] = value
    return response


def sent_from(request):
    """The address, on this site, of the page that a form was sent from, or "" if it is unknown."""
    page = request.headers.get("Referer", "")
    try:
        host = request.get_host()
        if request.method != "POST" or not url_has_allowed_host_and_scheme(page, host):
            return ""
        parts = urlsplit(page)
    except (DisallowedHost, ValueError):
        return ""
    return urlunsplit(("", "", f"/{parts.path.lstrip('/')}", parts.query, ""))


def wants_json(request):
    """Below /api/ all but browsers, which name HTML; elsewhere who names JSON."""
    accepted = request.headers.get("Accept", "")
    is_api = request.path_info.startswith("/api/")
    return "json" in accepted or (is_api and "text/html" not in accepted)


def received_at(request):
    """When its head was there, as the web server says; None where it does not."""
    seconds = request.META.get("spoolbook.received_at")
    return None if seconds is None else datetime.fromtimestamp(seconds, UTC)


def caller(request):
    """The address of the client. A proxy's word is taken where SPOOLBOOK_BEHIND_PROXY says that
    there is one."""
    given = request.META.get("REMOTE_ADDR", "")
    if settings.USE_X_FORWARDED_HOST:
        given = request.headers.get("X-Forwarded-For", given).rpartition(",")[2].strip()
    return _address(given)


@lru_cache(1000)
def _address(given):
    try:
        address = ipaddress.ip_address(given)
    except ValueError:
        return given[:64]
    return str(getattr(address, "ipv4_mapped", None) or address)


def url_of(request, host):
    """Where another host of this installation is, seen from where the request came to."""
    port = request.get_port()
    given = f":{port}" if port not in ("80", "443") else ""
    return f"{request.scheme}://{host}{given}/"
