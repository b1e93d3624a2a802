"""PDF responses."""

from django.http import HttpResponse
from rest_framework.renderers import BaseRenderer

PDF = "application/pdf"


class PDFRenderer(BaseRenderer):
    """Makes PDF available; a problem is JSON instead."""

    media_type, format, charset = PDF, "pdf", None
    render_style = "binary"

    def render(self, data, accepted_media_type=None, renderer_context=None):
        raise NotImplementedError


def pdf_answer(content, name):
    headers = {"Content-Disposition": f'inline; filename="{name}.pdf"', "Cache-Control": "no-store"}
    return HttpResponse(content, content_type=PDF, headers=headers)
