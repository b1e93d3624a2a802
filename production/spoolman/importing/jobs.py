"""An import from a Spoolman as a job: first a dry run, then the import of what was previewed."""

import io
import json
import zipfile

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from production.spoolman.importing import export_files, server
from production.spoolman.importing.address import Server
from production.spoolman.importing.moving import import_source
from tenants.jobs import files, services
from tenants.jobs.kinds import Result

KIND = "spoolman_import"
LABEL = gettext_lazy("Import from Spoolman")
PERMISSION = "accounts.change_farmsettings"
ADDRESS, FILES = "address", "files"


def start(*, by, page, address="", uploaded=()):
    """Begin the dry run of an import from an ``address``, or from files (``[(name, bytes)]``); the
    job is returned. ``page`` is the address that shows what becomes of it. Raises NotReadable,
    TooManyJobs."""
    if address:
        place, what = Server(address).place, ADDRESS
        content = json.dumps({"address": address}).encode()  # not among arguments: with a password
    else:
        place, what = ", ".join(name for name, _content in uploaded), FILES
        content = _packed(uploaded)
    arguments = {"place": place[:200], "what": what, "dry_run": True, "page": page, "of": None}
    return _start(arguments, content, by=by)


def start_seen(seen, *, by):
    """Begin the import that a job has previewed, once; None where its content is gone."""
    content = b"".join(files.read(seen, is_result=False))
    if not content:
        return None
    arguments = {**seen.arguments, "dry_run": False, "of": seen.pk}
    return _start(arguments, content, by=by, instead_of=services.FINISHED_WELL)


def work(job, *, by):
    content = b"".join(files.read(job, is_result=False))
    if job.arguments["what"] == ADDRESS:
        source = server.read(json.loads(content)["address"])
    else:
        source = export_files.from_contents({"export.zip": content})
    report = import_source(source, by=by, dry_run=job.arguments["dry_run"]).as_dict()
    text = json.dumps(report | {"place": job.arguments["place"]}, ensure_ascii=False)
    return Result("spoolman.json", "application/json", [text.encode()])


def _start(arguments, content, *, by, instead_of=()):
    return services.start(
        KIND,
        by=by,
        permission=PERMISSION,
        title=_("Import from Spoolman: %(place)s") % {"place": arguments["place"][:100]},
        arguments=arguments,
        content=content,
        instead_of=instead_of,
    )


def _packed(uploaded):
    """The files in one archive, which is smaller, too; one that is an archive as it is."""
    if len(uploaded) == 1 and uploaded[0][1].startswith(export_files.ARCHIVE):
        return uploaded[0][1]
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for number, (name, content) in enumerate(uploaded):
            archive.writestr(f"{number}/{name}", content)
    return file.getvalue()
