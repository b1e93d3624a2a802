"""JSON, and the pages that people explore the API with."""

from decimal import Decimal

from rest_framework.renderers import BrowsableAPIRenderer, JSONRenderer
from rest_framework.utils.encoders import JSONEncoder

from config.api.problems import CONTENT_TYPE


class ExactEncoder(JSONEncoder):
    """Decimals as strings, wherever they come from."""

    def default(self, obj):
        return f"{obj:f}" if isinstance(obj, Decimal) else super().default(obj)


class HouseJSONRenderer(JSONRenderer):
    """JSON; an error says that it is a problem."""

    encoder_class = ExactEncoder

    def render(self, data, accepted_media_type=None, renderer_context=None):
        response = (renderer_context or {}).get("response")
        if response is not None and response.exception and response.accepted_renderer is self:
            response["Content-Type"] = CONTENT_TYPE
        return super().render(data, accepted_media_type, renderer_context)


class HousePageRenderer(BrowsableAPIRenderer):
    """The browsable API with a raw JSON form only: a form with a choice of every spool would
    read every spool."""

    def get_rendered_html_form(self, data, view, method, request):
        """Only whether the button (DELETE, OPTIONS) is there."""
        if method in ("DELETE", "OPTIONS"):
            return super().get_rendered_html_form(data, view, method, request)
        return None
