"""Pictures at their addresses, and the photos that products and runs are given."""

from django.http import HttpResponse
from django.utils.cache import get_conditional_response
from drf_spectacular.types import OpenApiTypes
from rest_framework import status
from rest_framework.decorators import action
from rest_framework.exceptions import UnsupportedMediaType
from rest_framework.parsers import BaseParser
from rest_framework.response import Response

from production.models import Picture, ProductionRun, RunPhoto
from production.pictures import encode
from production.pictures.encoding import CONTENT_TYPE
from production.serializers.pictures import RunPhotoSerializer
from production.services import pictures
from tenants.api import finding
from tenants.api.documents import DocumentRenderer
from tenants.api.serializers import NoBody
from tenants.api.views import BaseViewSet, Nested, ReadViewSet
from tenants.web import files

HEADERS = {
    # Under its hash a picture is never another one: for a year.
    "Cache-Control": "private, max-age=31536000, immutable",
    # Nothing in it may run or load, however a browser reads it.
    # The style is of the browser's own page for a picture.
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; "
    "frame-ancestors 'none'; sandbox",
    "Cross-Origin-Resource-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
}
A_PICTURE = {(200, CONTENT_TYPE): OpenApiTypes.BINARY}
# What a photo is sent as: the body, or a file of a form.
PHOTO_BODY = {
    "image/*": OpenApiTypes.BINARY,
    files.MULTIPART: {
        "type": "object",
        "required": [files.FIELD],
        "properties": {files.FIELD: {"type": "string", "format": "binary"}},
    },
}


class PictureRenderer(DocumentRenderer):
    media_type, format = CONTENT_TYPE, "webp"


class PictureViewSet(BaseViewSet):
    """Pictures by their hash: what is at an address never changes."""

    help_topic = "api#pictures"
    queryset = Picture.objects.light()
    serializer_class = NoBody
    lookup_value_regex = "[0-9a-f]{1,64}"
    answers = {"retrieve": A_PICTURE, "thumbnail": A_PICTURE}
    permissions = {"thumbnail": "view"}

    def get_renderers(self):
        is_read = getattr(self, "action", None) in ("retrieve", "thumbnail")
        return [*super().get_renderers(), *([PictureRenderer()] if is_read else [])]

    def retrieve(self, request, pk):
        """Read a picture: WebP of at most 300 kB."""
        return self._answered(request, pk, "content", etag=f'"{pk}"')

    @action(detail=True, methods=["get"])
    def thumbnail(self, request, pk):
        """Read the thumbnail of a picture: at most 160 px and 8 kB."""
        return self._answered(request, pk, "thumbnail", etag=f'"{pk}-thumbnail"')

    def destroy(self, request, pk):
        """Remove a picture, from all that show it."""
        self.call(pictures.remove, self._found(self.get_queryset(), pk))
        return Response(status=status.HTTP_204_NO_CONTENT)

    @staticmethod
    def _found(rows, sha256):
        found = rows.filter(sha256=sha256).first()
        if found is None:
            raise finding.not_found(Picture, sha256)
        return found

    def _answered(self, request, sha256, column, *, etag):
        response = get_conditional_response(request, etag=etag)
        if response is None:
            row = self._found(Picture.objects.only(column), sha256)
            response = HttpResponse(bytes(getattr(row, column)), content_type=CONTENT_TYPE)
        else:
            self._found(self.get_queryset(), sha256)
        for name, value in (HEADERS | {"ETag": etag}).items():
            response[name] = value
        return response


class PhotoParser(BaseParser):
    """Says that a file is taken; it is read where the body lies."""

    media_type = "image/*"


class OctetParser(PhotoParser):
    media_type = "application/octet-stream"


class FormWithPhotoParser(PhotoParser):
    media_type = files.MULTIPART


OF_PHOTOS = [PhotoParser, OctetParser, FormWithPhotoParser]


class TakesPhoto:
    """For a viewset with actions that are sent a photo of ``photographed``, ``photo_actions``:
    ``self.photo`` is what was encoded of it before any transaction has begun. Their parsers are
    OF_PHOTOS."""

    photo_actions = ()

    def photographed(self):
        """The row that the photo is of: where there is none, nobody looks at the body."""
        return self.get_object()

    @property
    def request_body(self):
        """For the description of the API."""
        return PHOTO_BODY if self.action in self.photo_actions else None

    def initial(self, request, *args, **kwargs):
        super().initial(request, *args, **kwargs)
        if self.action in self.photo_actions:
            self.photographed()
            if request.negotiator.select_parser(request, request.parsers) is None:
                raise UnsupportedMediaType(request.content_type)
            self.photo = encode(photo_of(request))


def photo_of(request):
    """The bytes of the photo that a request brings. Raises NoFile."""
    return files.of_request(getattr(request, "_request", request), name="photo")[0].read()


class RunPhotoViewSet(TakesPhoto, Nested, ReadViewSet):
    """Photos of a run, such as of a failure."""

    help_topic = "api#pictures"
    queryset = RunPhoto.objects.all()
    serializer_class = RunPhotoSerializer
    bodies = {"create": NoBody}
    photo_actions = ("create",)
    parser_classes = OF_PHOTOS
    parents, parent = ProductionRun.objects.live(), "run"
    ordering_fields = ["id"]

    def photographed(self):
        return self.get_parent()

    def create(self, request, run_id):
        """Add a photo to a run: the body is the file."""
        photo = self.call(pictures.add_photo, self.get_parent(), photo=self.photo)
        return self.row_response(photo, status=status.HTTP_201_CREATED)

    def destroy(self, request, run_id, pk):
        """Take a photo off its run."""
        self.call(pictures.remove_photo, self.get_object())
        return Response(status=status.HTTP_204_NO_CONTENT)
