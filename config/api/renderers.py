"""JSON, and the pages of the browsable API."""

from decimal import Decimal

from django.core.exceptions import RequestDataTooBig
from django.http import UnreadablePostError
from rest_framework.exceptions import APIException
from rest_framework.renderers import BrowsableAPIRenderer, JSONRenderer
from rest_framework.request import override_method
from rest_framework.utils.encoders import JSONEncoder

from config.api.examples import example_for
from tenants.operations.refusals import Refusal
from tenants.web.problems import CONTENT_TYPE


class ExactEncoder(JSONEncoder):
    """Decimals as strings, wherever they come from."""

    def default(self, obj):
        return f"{obj:f}" if isinstance(obj, Decimal) else super().default(obj)


class ProblemJSONRenderer(JSONRenderer):
    """JSON; an error says that it is a problem."""

    encoder_class = ExactEncoder

    def render(self, data, accepted_media_type=None, renderer_context=None):
        response = (renderer_context or {}).get("response")
        if response is not None and response.exception and response.accepted_renderer is self:
            response["Content-Type"] = CONTENT_TYPE
        return super().render(data, accepted_media_type, renderer_context)


class BrowsableRenderer(BrowsableAPIRenderer):
    """DRF's pages with the raw data forms alone: an HTML form with a choice of every spool would
    read every spool. A POST form starts with the operation's example."""

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
        if is_refused and getattr(view, "keeps_answers", True):  # no passwords
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
