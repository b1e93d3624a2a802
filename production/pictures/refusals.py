"""Why a picture is refused."""

from django.utils.translation import gettext as _

from tenants.operations.refusals import Invalid


class UnreadablePicture(Invalid):
    code = "unreadable_picture"
    title = "This can't be read as a picture"


class UnknownPictureFormat(UnreadablePicture):
    code = "unknown_picture_format"
    title = "Pictures are JPEG, PNG, WebP or QOI"


class DamagedPicture(UnreadablePicture):
    code = "damaged_picture"
    title = "This picture is damaged or incomplete"


class PictureTooLarge(UnreadablePicture):
    code = "picture_too_large"
    title = "This picture is larger than any that is read"


def damaged():
    return DamagedPicture(
        _("The picture is damaged, or did not arrive as a whole: take or choose it again.")
    )
