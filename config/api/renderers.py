"""JSON, and the pages that people explore the API with."""

import re
from decimal import Decimal

from django import forms
from django.core.exceptions import RequestDataTooBig
from django.http import Http404, UnreadablePostError
from django.urls import Resolver404, resolve
from django.utils.html import format_html
from django.utils.safestring import mark_safe
from rest_framework.exceptions import APIException
from rest_framework.renderers import BrowsableAPIRenderer, JSONRenderer
from rest_framework.request import override_method
from rest_framework.utils.encoders import JSONEncoder

from config.api.examples import body_of
from tenants.operations.refusals import Refusal
from tenants.web.problems import CONTENT_TYPE

CODE = re.compile("``(.+?)``")
POST_ONLY = (
    "This address takes a POST only: there is nothing to GET here.\n"
    "Fill in the form below and press POST, or send the same from a program."
)
POST_ONLY_OF_OTHERS = "This address takes a POST only, and your role does not include it."


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


class RawForm(forms.Form):
    """A body as JSON, or as CSV; the page's script sends it as it stands."""

    _content_type = forms.ChoiceField(
        label="Media type",
        widget=forms.Select(attrs={"data-override": "content-type"}),
    )
    _content = forms.CharField(
        label="Content",
        required=False,
        widget=forms.Textarea(attrs={"data-override": "content"}),
    )

    def __init__(self, media_type, content, example=None):
        super().__init__(initial={"_content": content})
        self.fields["_content_type"].choices = [(media_type, media_type)]
        if example is not None:
            shown = format_html("As it was really sent once:<pre>{}</pre>", example)
            self.fields["_content"].help_text = shown


class BrowsableRenderer(BrowsableAPIRenderer):
    """The browsable API with a raw JSON form only: a form with a choice of every spool would
    read every spool. What the form is filled in with can be sent as it is, once the gaps in it
    are filled."""

    def get_context(self, data, accepted_media_type, renderer_context):
        context = super().get_context(data, accepted_media_type, renderer_context)
        renderers = renderer_context["view"].get_renderers()
        context["available_formats"] = [each.format for each in renderers]
        if self._is_post_only():
            context["is_post_only"] = True
            has_form = context["raw_data_post_form"] is not None
            context["content"] = POST_ONLY if has_form else POST_ONLY_OF_OTHERS
        return context

    def get_name(self, view):
        return type(view).__name__ if self._is_our_fault() else view.get_view_name()

    def get_description(self, view, status_code):
        """With what is in ``these`` as code."""
        return mark_safe(CODE.sub(r"<code>\1</code>", super().get_description(view, status_code)))

    def get_breadcrumbs(self, request):
        """Each address that leads here, by its title."""
        steps = request.path.strip("/").split("/")
        paths = [f"/{'/'.join(steps[:end])}/" for end in range(1, len(steps) + 1)]
        views = [(_view_at(path, request), path) for path in paths]
        if self._is_our_fault():
            return []
        return [(view.get_view_name(), path) for view, path in views if view is not None]

    def get_rendered_html_form(self, data, view, method, request):
        """Only whether the button (DELETE, OPTIONS) is there."""
        if method in ("DELETE", "OPTIONS"):
            return super().get_rendered_html_form(data, view, method, request)
        return None

    def get_raw_data_form(self, data, view, method, request):
        """A form for this method's body; None where there is none."""
        if self._is_our_fault() or not hasattr(view, "example_body"):
            return None
        with override_method(view, request, method) as overridden:
            if not self.show_form_for_method(view, method, overridden, None):
                return None
            try:
                body = self._body(data, view, method, request)
            except (APIException, Http404):
                return None
            example = body_of(operation_of(view, request)) if method == "POST" else None
        return RawForm(view.get_parsers()[0].media_type, body, example and _as_text(example[1]))

    def _body(self, data, view, method, request):
        """What was sent, if it was refused; else the row as it is, or a body to begin with."""
        may_be_kept = getattr(view, "keeps_answers", True)  # not a password
        if request.method == method and self._is_error() and may_be_kept and _sent(request):
            return _as_text(request.data)
        is_row = isinstance(data, dict) and not self._is_error()
        return _as_text(data if is_row and method != "POST" else view.example_body())

    def _is_error(self):
        return self.renderer_context["response"].exception

    def _is_our_fault(self):
        return self.renderer_context["response"].status_code >= 500

    def _is_post_only(self):
        response, request = self.renderer_context["response"], self.renderer_context["request"]
        allowed = self.renderer_context["view"].allowed_methods
        return response.status_code == 405 and request.method == "GET" and "POST" in allowed


def operation_of(view, request):
    """The id of a POST to the view, as the API's description has it."""
    name = request.resolver_match.url_name.replace("-", "_")
    return name.removesuffix("_list") + "_create" if view.action == "create" else name


def _sent(request):
    """The body that was sent, None when it can't be read: that was answered already."""
    try:
        return request.data
    except (APIException, Refusal, RequestDataTooBig, UnreadablePostError):
        return None


def _as_text(body):
    if isinstance(body, bytes):
        return body.decode(errors="replace")
    if isinstance(body, str):
        return body
    return ProblemJSONRenderer().render(body, renderer_context={"indent": 4}).decode()


def _view_at(path, request):
    """The view at an address, as it would be for a GET by the same caller; None without one."""
    try:
        found = resolve(path)
    except Resolver404:
        return None
    made_by = getattr(found.func, "cls", None)
    if not hasattr(made_by, "get_view_name") or getattr(made_by, "is_nowhere", False):
        return None
    view = made_by(**found.func.initkwargs)
    view.request, view.args, view.kwargs = request, found.args, found.kwargs
    return view
