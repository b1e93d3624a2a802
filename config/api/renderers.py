"""Renderers: JSON and the browsable API, chosen by the request and compressed."""

from decimal import Decimal

from django.core.exceptions import RequestDataTooBig
from django.http import Http404, UnreadablePostError
from django.middleware.gzip import GZipMiddleware
from rest_framework.exceptions import APIException, NotAcceptable
from rest_framework.negotiation import DefaultContentNegotiation
from rest_framework.renderers import BrowsableAPIRenderer, JSONRenderer
from rest_framework.request import override_method
from rest_framework.utils.encoders import JSONEncoder

from config.api.examples import example_for
from tenants.api.json_rows import JSONText
from tenants.operations.refusals import Refusal
from tenants.web.problems import CONTENT_TYPE
from tenants.web.requests import is_for_printers

# What DRF's page lacks for screen readers and keyboards, outside of any block of its template.
ADDED_TO_PAGES = {
    "<html>": '<html lang="en-gb">',
    'role="main"  aria-label="main content"': "",  # a main within a main
    '<button class="btn btn-primary dropdown-toggle js-tooltip"': (
        '<button aria-label="Formats" class="btn btn-primary dropdown-toggle js-tooltip"'
    ),
    '<pre class="prettyprint"><span': '<pre class="prettyprint" tabindex="0"><span',
}
TYPES = ("application/json", "application/vnd.oai.openapi", "text/csv")


class CompressReads(GZipMiddleware):
    """What programs read, and nothing else.

    The compressed size of a text reveals what is in it to an attacker who can have the victim's
    browser ask for it again and again with words of their own (BREACH). So pages, which carry
    tokens against forgery, and answers to a POST, which may carry a new token, stay as they are.
    The rest has Django's random padding, and browsers send our cookies with no request of another
    site that could be repeated (SameSite=Lax).
    """

    def process_response(self, request, response):
        if response.status_code == 304:  # no length, or that of the answer that is left out
            response.headers.pop("Content-Length", None)
            return response
        is_read = request.method in ("GET", "HEAD") and request.path_info.startswith("/api/")
        if (
            not is_read
            or is_for_printers(request)
            or not response.get("Content-Type", "").startswith(TYPES)
        ):
            return response
        return super().process_response(request, response)


class Negotiation(DefaultContentNegotiation):
    """By ``format``, whatever ``Accept`` names, else by ``Accept``; an unavailable format is 406
    either way."""

    def select_renderer(self, request, renderers, format_suffix=None):
        is_plain = request.META.get("HTTP_ACCEPT", "*/*") == "*/*" and not request.query_params
        if is_plain and renderers and format_suffix is None:  # most programs: the first one
            return renderers[0], renderers[0].media_type
        return super().select_renderer(request, renderers, format_suffix)

    def get_accept_list(self, request):
        is_chosen = self.settings.URL_FORMAT_OVERRIDE in request.query_params
        return ["*/*"] if is_chosen else super().get_accept_list(request)

    def filter_renderers(self, renderers, format):
        try:
            return super().filter_renderers(renderers, format)
        except Http404:
            raise NotAcceptable from None


class ExactEncoder(JSONEncoder):
    """Decimals as strings, wherever they come from."""

    def default(self, obj):
        return f"{obj:f}" if isinstance(obj, Decimal) else super().default(obj)


class ProblemJSONRenderer(JSONRenderer):
    """JSON; an error has the media type of a problem."""

    encoder_class = ExactEncoder

    def render(self, data, accepted_media_type=None, renderer_context=None):
        response = (renderer_context or {}).get("response")
        if response is not None and response.exception and response.accepted_renderer is self:
            response["Content-Type"] = CONTENT_TYPE
        name = next(reversed(data), None) if isinstance(data, dict) else None
        text = data[name] if name else data  # of a row, or of the rows that are the last member
        if not isinstance(text, JSONText):
            return super().render(data, accepted_media_type, renderer_context)
        if self.get_indent(accepted_media_type, renderer_context or {}) is not None:
            data = text.loaded() if text is data else {**data, name: text.loaded()}
            return super().render(data, accepted_media_type, renderer_context)
        if text is data:
            return _as_rendered(text)
        page = super().render({**data, name: []}, accepted_media_type, renderer_context)
        return page.removesuffix(b"[]}") + _as_rendered(text) + b"}"


def _as_rendered(text):
    """As JSON is rendered everywhere: no browser takes these for the end of a line."""
    return text.replace("\u2028", r"\u2028").replace("\u2029", r"\u2029").encode()


class BrowsableRenderer(BrowsableAPIRenderer):
    """DRF's pages with the raw data forms alone: an HTML form with a choice of every spool would
    read every spool. A POST form starts with the operation's example."""

    def render(self, data, accepted_media_type=None, renderer_context=None):
        page = super().render(data, accepted_media_type, renderer_context)
        for found, better in ADDED_TO_PAGES.items():
            page = page.replace(found, better)
        return page

    def get_rendered_html_form(self, data, view, method, request):
        """Only whether there is a button: DELETE and OPTIONS."""
        if method in ("DELETE", "OPTIONS"):
            return super().get_rendered_html_form(data, view, method, request)
        return None

    def get_raw_data_form(self, data, view, method, request):
        form = super().get_raw_data_form(data, view, method, request)
        body = form and self._initial_body(view, method, request)
        if body:
            form.initial["_content"] = body if isinstance(body, str) else _indented(body)
        return form

    def _initial_body(self, view, method, request):
        """The body that was refused, or an example; None to leave the form as DRF fills it in."""
        is_refused = self.renderer_context["response"].exception and request.method == method
        if is_refused and getattr(view, "stores_answers", True):  # no passwords
            return _body_of(request)
        with override_method(view, request, method):
            return example_for(view) if method == "POST" else None


def _body_of(request):
    """The body as it was parsed; None when it can't be read, which was answered already."""
    try:
        body = request.data
    except (APIException, Refusal, RequestDataTooBig, UnreadablePostError):
        return None
    return body.decode(errors="replace") if isinstance(body, bytes) else body


def _indented(body):
    return ProblemJSONRenderer().render(body, renderer_context={"indent": 4}).decode()
