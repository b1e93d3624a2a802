"""Photos that are taken at the floor: as a file of a form, or, by the page's script, as a field of
it that holds a smaller one, so that it can wait for the network.

A photo is read and encoded before the verb begins its transaction.
"""

import base64

from django.utils.translation import gettext as _

from production.pictures import UnreadablePicture, encode
from production.pictures.encoding import CONTENT_TYPE
from production.services import pictures
from tenants.operations.refusals import Busy, Refusal
from tenants.web.incoming_files import FIELD

ENCODED = "photo"  # the name of that field
MARK = ";base64,"


class WithPhoto:
    """For a view with a form that may have a photo. ``photo`` is an EncodedPicture, or None;
    ``photo_refusal`` says why one is none."""

    takes_photo = True
    photo = photo_refusal = None

    def post(self, request, **kwargs):
        self.require_permission(self.verb_permission)
        data = _sent(request)
        try:
            self.photo = None if data is None else encode(data)
        except (UnreadablePicture, Busy) as refusal:
            self.photo_refusal = refusal
        return super().post(request, **kwargs)

    def render_page(self, **more):
        """With the photo in it, for a form that was refused: a browser sends no file again."""
        if self.photo is not None:
            text = base64.b64encode(self.photo.content).decode()
            more["photo"] = f"data:{CONTENT_TYPE}{MARK}{text}"
        elif self.photo_refusal is not None:
            more["photo_problem"] = self.photo_refusal.detail
        return super().render_page(**more)

    def add_photo(self, run):
        """Add the photo to the run. Raises UnreadablePicture, Busy, and as `pictures.add_photo`."""
        if self.photo_refusal is not None:
            raise self.photo_refusal
        if self.photo is not None:
            pictures.add_photo(run, by=self.request.user, photo=self.photo)

    def with_photo(self, message, run):
        """Add the photo to the run, and return the message: what is wrong with the photo keeps
        nobody from the rest."""
        try:
            self.add_photo(run)
        except Refusal as refusal:
            figures = {"done": message, "why": refusal.detail}
            return _("%(done)s But it has no photo. %(why)s") % figures
        return message


def _sent(request):
    """The bytes of the photo that was sent, whatever they are; None without one."""
    if file := request.FILES.get(FIELD):
        return file.read()
    text = request.POST.get(ENCODED, "")
    if not text:
        return None
    _kind, mark, encoded = text.partition(MARK)
    try:
        return base64.b64decode(encoded, validate=True) if mark else text.encode()
    except ValueError:
        return text.encode()  # no picture
