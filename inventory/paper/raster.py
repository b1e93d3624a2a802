"""A page of a PDF as PNG, for the preview."""

import io
import threading

import pypdfium2

_PDFIUM = threading.Lock()  # not safe for threads


def png(document, *, width):
    """The first page of a PDF as PNG, so many pixels wide."""
    with _PDFIUM:
        pages = pypdfium2.PdfDocument(document)
        try:
            page = pages[0]
            picture = page.render(scale=width / page.get_width()).to_pil()
        finally:
            pages.close()
    content = io.BytesIO()
    picture.save(content, "PNG")
    return content.getvalue()
