"""Bodies that are files: see ``tenants.web.files``, which reads them."""

from rest_framework.parsers import BaseParser

from tenants.web import files

RAW = "application/octet-stream"


class FilesParser(BaseParser):
    """Takes a body of any type, and leaves it where it is: the token of a browser's form is looked
    for before anybody knows whether its sender may send files."""

    media_type = "*/*"

    def parse(self, stream, media_type=None, parser_context=None):
        return {}


class TakesFiles:
    """For a viewset whose ``create`` takes files: they are read before a key is looked up, for
    which they stand."""

    def get_parsers(self):
        is_file = getattr(self, "action_map", {}).get("post") == "create"
        return [FilesParser()] if is_file else super().get_parsers()

    def initial(self, request, *args, **kwargs):
        super().initial(request, *args, **kwargs)
        if self.action == "create":
            files.of_request(request._request)
