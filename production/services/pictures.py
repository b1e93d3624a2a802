"""Pictures of the farm: kept once each, within a quota, and gone a day after nothing names them.

What is kept was encoded before (``production.pictures.encode``): that takes up to a second, and
has to be over before the transaction that keeps it.
"""

from datetime import timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Count, Sum
from django.utils import timezone
from django.utils.translation import gettext as _

from production.models import Picture, PlatePicture, ProductionRun, RunPhoto
from production.pictures import PLATE, UnreadablePicture, encode
from tenants.accounts import audited
from tenants.live.announcing import announce
from tenants.operations.operation import operation
from tenants.operations.refusals import Busy, Refusal
from tenants.operations.text import format_number

UNNAMED_FOR = timedelta(days=1)
MOST_OF_A_RUN = 20
MEGABYTE = 1_000_000


class PictureQuotaReached(Refusal):
    code = "picture_quota_reached"
    title = "This farm keeps as many pictures as it may"


class TooManyPhotos(Refusal):
    code = "too_many_photos"
    title = "This run has as many photos as a run may have"


def keep(encoded, *, at=None):
    """The Picture of an EncodedPicture, in the caller's transaction: the row that is there, or a
    new one. The caller refers to it. Raises PictureQuotaReached."""
    at, sha256 = at or timezone.now(), encoded.sha256
    if not Picture.objects.filter(sha256=sha256).update(named_at=at):
        _require_room(encoded)
        row = Picture(
            sha256=sha256,
            width=encoded.width,
            height=encoded.height,
            content=encoded.content,
            thumbnail=encoded.thumbnail,
            created_at=at,
            named_at=at,
        )
        # Another may keep the same at this moment.
        same = {"unique_fields": ["sha256"], "update_fields": ["named_at"]}
        Picture.objects.bulk_create([row], update_conflicts=True, **same)
    return Picture.objects.light().get(sha256=sha256)


def used():
    """``(pictures, their bytes)`` of the farm."""
    found = Picture.objects.aggregate(count=Count("pk"), size=Sum("size_bytes"))
    return found["count"], found["size"] or 0


def forget_unused(now):
    """Delete the pictures that nothing names, and nothing was given for a day."""
    old = Picture.objects.unused().filter(named_at__lt=now - UNNAMED_FOR).order_by("pk")
    old = old.select_for_update(skip_locked=True, of=("self",)).values_list("pk", flat=True)
    with transaction.atomic():
        Picture.objects.light().filter(pk__in=list(old)).unused().delete()


@operation("picture.remove")
def remove(picture, *, by):
    """Remove a picture, from all that show it."""
    audited.delete(picture, by=by)


@operation("product.set_photo")
def set_photo(product, *, by, photo, at=None):
    """Give a product a photo, an EncodedPicture, or take it away (None); returns the product.
    Raises PictureQuotaReached."""
    picture = None if photo is None else keep(photo, at=at)
    return audited.update(product, by=by, at=at, photo=picture)


@operation("production_run.add_photo")
def add_photo(run, *, by, photo, at=None):
    """Add a photo, an EncodedPicture, to a run, in whatever status; returns the RunPhoto, that
    which is there where it is the same. Raises PictureQuotaReached, TooManyPhotos."""
    rows = ProductionRun.objects.live().select_for_update(no_key=True, of=("self",))
    run, at = rows.get(pk=run.pk), at or timezone.now()
    count = run.photos.exclude(picture=photo.sha256).count()
    if count >= MOST_OF_A_RUN:
        detail = _("Run %(run)s has %(count)s photos, the most that a run has: remove one first.")
        names = {"run": run.number, "count": count}
        raise TooManyPhotos(detail % names, photos=count, most_photos=MOST_OF_A_RUN)
    picture = keep(photo, at=at)
    there = run.photos.filter(picture=picture).first()
    if there is not None:
        return there
    row = RunPhoto(run=run, picture=picture, created_at=at, created_by=by)
    announce("run", id=run.pk)
    return audited.create(row, by=by, at=at)


@operation("production_run.remove_photo")
def remove_photo(photo, *, by):
    """Take a photo off its run."""
    audited.delete(photo, by=by)
    announce("run", id=photo.run_id)


def encoded_plates(plates, *, most):
    """``{index: EncodedPicture}`` of the plates of a file that was read (``production.slicing``),
    of the first ``most`` that have a picture; None where that can't be read. Where the server is
    busy it goes without. Takes up to a tenth of a second each: not within a transaction."""
    found = {}
    for plate in [each for each in plates if each.picture is not None][:most]:
        try:
            found[plate.index] = encode(plate.picture.data, PLATE)
        except UnreadablePicture:
            found[plate.index] = None
        except Busy:
            break
    return found


def keep_plates(sliced_file, encoded, *, at=None):
    """Keep the pictures of the plates of a new SlicedFile, as `encoded_plates` returns them, in the
    caller's transaction. Beyond the quota it goes without: no file is refused because of one."""
    given, rows = [(index, each) for index, each in encoded.items() if each is not None], []
    try:
        for index, each in sorted(given, key=lambda pair: pair[1].sha256):
            rows.append(PlatePicture(plate=index, picture=keep(each, at=at)))
    except PictureQuotaReached:
        pass
    for row in rows:
        row.sliced_file = sliced_file
    PlatePicture.objects.bulk_create(rows)


def _require_room(encoded):
    """Raises PictureQuotaReached."""
    most, size = settings.MAX_PICTURE_BYTES, len(encoded.content) + len(encoded.thumbnail)
    if not most or used()[1] + size <= most:
        return
    forget_unused(timezone.now())
    count, taken = used()
    if taken + size <= most:
        return
    figures = {"count": count, "used": _megabytes(taken), "most": _megabytes(most)}
    detail = _(
        "The %(count)s pictures of this farm take %(used)s of %(most)s MB: a manager removes old "
        "ones in the admin, under Pictures, or has the limit raised."
    )
    numbers = {"pictures": count, "used_bytes": taken, "most_bytes": most}
    raise PictureQuotaReached(detail % figures, **numbers)


def _megabytes(size):
    return format_number(size / MEGABYTE)
