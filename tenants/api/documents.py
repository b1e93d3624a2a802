"""Responses that are documents."""

from django.http import HttpResponse
from rest_framework.renderers import BaseRenderer

PDF = "application/pdf"


class DocumentRenderer(BaseRenderer):
    """Makes a kind of document available; a problem is JSON instead."""

    charset = None
    render_style = "binary"

    def render(self, data, accepted_media_type=None, renderer_context=None):
        raise NotImplementedError


class PDFRenderer(DocumentRenderer):
    media_type, format = PDF, "pdf"


def pdf_answer(content, name):
    headers = {"Content-Disposition": f'inline; filename="{name}.pdf"', "Cache-Control": "no-store"}
    return HttpResponse(content, content_type=PDF, headers=headers)
