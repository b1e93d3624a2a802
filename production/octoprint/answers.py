"""Answers as OctoPrint gives them."""

from django.http import JsonResponse
from django.urls import reverse
from django.utils.log import log_response

from tenants.web.problems import headers_of


def taken(request, found):
    """201 for a Received: what OctoPrint says of a file, and what is planned of it besides."""
    address = request.build_absolute_uri(reverse("sliced-files-detail", args=[found.file.pk]))
    local = {
        "name": found.file.filename,
        "path": found.path,
        "type": "machinecode",
        "typePath": ["machinecode", "gcode"],
        "origin": "local",
        "refs": {"resource": address, "download": address},
    }
    data = {
        "files": {"local": local},
        "done": True,
        "effectiveSelect": found.is_printing,
        "effectivePrint": found.is_printing,
        "message": found.sentence,
        "passed_on": found.is_passed_on,
        "sliced_file": found.file.pk,
        "runs": [run.number for run in found.runs],
    }
    return JsonResponse(data, status=201, headers={"Location": address})


def refused(request, status, sentence, headers=None):
    response = JsonResponse({"error": sentence}, status=status, headers=headers)
    log_response("%s: %s", response.reason_phrase, request.path, response=response,
                 request=request, level="warning")  # fmt: skip
    return response


def of_refusal(request, refusal):
    return refused(request, refusal.status, str(refusal.detail), headers_of(refusal))
