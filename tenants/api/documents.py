"""Answers that are PDF."""

from django.http import HttpResponse
from rest_framework.renderers import BaseRenderer
from rest_framework.response import Response

from tenants.api.views import answer_in_json

PDF = "application/pdf"


class PDFRenderer(BaseRenderer):
    """Makes PDF available; a problem is JSON instead."""

    media_type, format, charset = PDF, "pdf", None
    render_style = "binary"

    def render(self, data, accepted_media_type=None, renderer_context=None):
        raise NotImplementedError


class AnswersPDF:
    """For a viewset: the actions in ``documents`` answer with PDF, whatever else is accepted."""

    documents = ()

    def get_renderers(self):
        more = [PDFRenderer()] if getattr(self, "action", None) in self.documents else []
        return [*super().get_renderers(), *more]

    def finalize_response(self, request, response, *args, **kwargs):
        renderer = getattr(request, "accepted_renderer", None)
        if isinstance(renderer, PDFRenderer) and isinstance(response, Response):
            answer_in_json(self, request)
        return super().finalize_response(request, response, *args, **kwargs)


def pdf_answer(content, name):
    """A PDF for a browser to open, with a name to save it by."""
    headers = {"Content-Disposition": f'inline; filename="{name}.pdf"', "Cache-Control": "no-store"}
    return HttpResponse(content, content_type=PDF, headers=headers)
