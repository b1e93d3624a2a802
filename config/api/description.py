"""Serves the OpenAPI description, which each process generates once: it takes seconds."""

from functools import cache
from threading import Lock

from django.http import HttpResponse
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.views import SpectacularAPIView

lock = Lock()


class SchemaView(SpectacularAPIView):
    """OpenAPI 3 as YAML, or as JSON with ``?format=json``."""

    schema = None
    http_method_names = ["get", "head"]  # it has no page for OPTIONS

    def get(self, request, *args, **kwargs):
        with lock:
            content = _rendered(type(request.accepted_renderer))
        name = f'inline; filename="{self._get_filename(request, None)}"'
        content_type = f"{request.accepted_media_type}; charset=utf-8"
        return HttpResponse(content, content_type, headers={"Content-Disposition": name})


@cache
def _rendered(renderer):
    return renderer().render(_schema(), renderer_context={})


@cache
def _schema():
    return SchemaGenerator().get_schema(request=None, public=True)
