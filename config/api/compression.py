"""Answers made smaller on their way."""

from django.middleware.gzip import GZipMiddleware

TYPES = ("application/json", "application/vnd.oai.openapi", "text/csv")


class CompressReads(GZipMiddleware):
    """What programs read, and nothing else.

    How well a text can be compressed tells what is in it, to somebody who can have the victim's
    browser ask for it again and again with words of their own (BREACH). So pages, which carry
    tokens against forgery, and answers to a POST, which may carry a new token, stay as they are.
    The rest has Django's random padding, and browsers send our cookies with no request of another
    site that could be repeated (SameSite=Lax).
    """

    def process_response(self, request, response):
        is_read = request.method in ("GET", "HEAD") and request.path_info.startswith("/api/")
        if not is_read or not response.get("Content-Type", "").startswith(TYPES):
            return response
        return super().process_response(request, response)
