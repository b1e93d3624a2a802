"""What is refused before any view: a request that can't be read, or is too large."""

from urllib.parse import unquote

from django.utils.http import parse_header_parameters
from django.utils.translation import gettext as _

from tenants.operations.refusals import Invalid, Refusal
from tenants.web.csv_export import CSV
from tenants.web.limits import UNKNOWN_BYTES
from tenants.web.requests import TooLarge, is_for_printers, max_body_bytes, too_large

MAX_DIGITS = 18  # of a Content-Length
CHARSETS = ("utf-8", "utf8", "us-ascii")  # of bodies


def check(request):
    """Raises TooLarge, LengthRequired, UnsupportedEncoding, Unreadable."""
    if request.META.get("HTTP_TRANSFER_ENCODING"):
        raise LengthRequired(_("A body sent in chunks is not taken: give its Content-Length."))
    limit, length = max_body_bytes(request), body_length(request)
    if length > limit:
        raise too_large(limit, length_bytes=length)
    is_lenient = is_for_printers(request)  # JSON, whatever its type says
    if (request.content_type is None and not is_lenient) or not _is_readable(
        request.headers.get("Accept", "")
    ):
        raise Unreadable(_("The header Content-Type or Accept can't be read."))
    if length:
        _check_encoding(request, is_lenient)
    parts = request.META.get("QUERY_STRING", "").split("&")
    if given := [unquote(part.partition("=")[0])[:60] for part in parts if "%00" in part]:
        errors = dict.fromkeys(given, ["NUL is no text."])
        raise Unreadable(_("A parameter holds NUL, which is no text."), errors=errors)
    if "\0" in request.path_info or any("\0" in value for value in request.COOKIES.values()):
        raise Unreadable(_("The address or a cookie holds NUL, which is no text."))


def check_sender(request):
    """Raises TooLarge for a longer body of a cookie or a token that nobody is signed in with."""
    length, limit = body_length(request), UNKNOWN_BYTES
    if length > limit and not request.user.is_authenticated:
        detail = _(
            "Without a sign-in a body has at most %(limit)s bytes: sign in, and send it again."
        )
        raise TooLarge(detail % {"limit": limit}, limit_bytes=limit, length_bytes=length)


def check_files(request, view):
    """Raises FilesNotPermitted, before a body is received of who may not send files to a page.
    ``permission_for_files`` of the view is the permission that it takes."""
    needed = getattr(view, "permission_for_files", None)
    if needed and request.user.is_authenticated and not request.user.has_perm(needed):
        raise FilesNotPermitted(_("Ask a manager for another role, or to send the file."))


def _check_encoding(request, is_lenient):
    """Raises UnsupportedEncoding for a compressed body, or one that is not in UTF-8. How a table in
    CSV is encoded is found out from the table itself."""
    coding = request.headers.get("Content-Encoding", "identity")
    charset = "utf-8" if is_lenient else request.content_params.get("charset", "utf-8")
    if coding.lower() != "identity":
        message = _("A body with the Content-Encoding %(name)s is not read: send it uncompressed.")
        raise UnsupportedEncoding(message % {"name": coding[:60]})
    if charset.lower() not in CHARSETS and request.content_type != CSV:
        message = _("A body in the charset %(name)s is not read: send it in UTF-8.")
        raise UnsupportedEncoding(message % {"name": charset[:60]})


def _is_readable(header):
    """Whether the media types of a header can be read; a parameter may name a charset."""
    try:
        for each in header.split(",") if "*=" in header else ():
            parse_header_parameters(each)
    except ValueError:
        return False
    return True


def body_length(request):
    length = request.META.get("CONTENT_LENGTH") or "0"
    if not length.isdecimal() or len(length) > MAX_DIGITS:
        raise Unreadable(_("The Content-Length is not a number of bytes."))
    return int(length)


class LengthRequired(Invalid):
    code = "length_required"
    status = 411
    title = "Send the length of the body with it"


class UnsupportedEncoding(Invalid):
    code = "unsupported_encoding"
    status = 415
    title = "The body is not in UTF-8, or it is compressed"


class FilesNotPermitted(Refusal):
    code = "files_not_permitted"
    status = 403
    title = "Your role does not include sending files"


class Unreadable(Invalid):
    """NUL, which no text may hold, in the address, a parameter or a cookie; a header with a
    parameter in an unknown charset."""

    code = "unreadable"
    title = "The request can't be read"
