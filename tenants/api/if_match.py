"""``If-Match``: the versions of a row that a request may change."""

import re

# A version as the API sends it, or as a proxy that compressed the answer marks it: W/"3",
# "3-gzip", "3;br".
TAG = re.compile(r'(?:^|,)\s*(?:W/)?"?([0-9]{1,9})(?:[-;]+(?:gzip|br|zstd|deflate))?"?\s*(?=,|$)')


def expected_versions(request):
    """The versions that ``If-Match`` names; None when any will do."""
    given = request.headers.get("If-Match", "*").strip()
    if given == "*" or request.method not in ("PUT", "PATCH", "DELETE"):
        return None
    return {int(version) for version in TAG.findall(given)}
