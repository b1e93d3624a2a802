"""Pictures that strangers send: looked at, decoded within bounds, and encoded anew."""

from production.pictures.encoding import PLATE, EncodedPicture, encode
from production.pictures.refusals import UnreadablePicture

__all__ = ["PLATE", "EncodedPicture", "UnreadablePicture", "encode"]
