"""The verbs of pictures: a story each, and a case with as much to write as can be."""

from production.models import Picture
from production.services import pictures
from tests.factories import a_photo_of, a_product, a_run, a_spool, an_encoded_picture
from tests.production.verbs.preparation import a_table

CASES, verb = a_table()


def a_removable_picture():
    """On a product and a run."""
    photo, run = an_encoded_picture(), a_run((a_spool(), 5))
    pictures.add_photo(run, photo=photo, by=None)
    pictures.set_photo(a_product(), photo=photo, by=None)
    return Picture.objects.get(sha256=photo.sha256)


STORIES = {
    "picture.remove": lambda: pictures.remove(a_removable_picture(), by=None),
    "product.set_photo": lambda: pictures.set_photo(
        a_product(), photo=an_encoded_picture(), by=None
    ),
    "production_run.add_photo": lambda: a_photo_of(a_run((a_spool(), 5))),
    "production_run.remove_photo": lambda: pictures.remove_photo(
        a_photo_of(a_run((a_spool(), 5))), by=None
    ),
}


@verb("picture.remove")
def _():
    picture = a_removable_picture()
    return lambda: pictures.remove(picture, by=None)


@verb("product.set_photo")
def _():
    product, photo = a_product(), an_encoded_picture()
    return lambda: pictures.set_photo(product, photo=photo, by=None)


@verb("production_run.add_photo")
def _():
    run, photo = a_run((a_spool(), 5)), an_encoded_picture()
    return lambda: pictures.add_photo(run, photo=photo, by=None)


@verb("production_run.remove_photo")
def _():
    photo = a_photo_of(a_run((a_spool(), 5)))
    return lambda: pictures.remove_photo(photo, by=None)
