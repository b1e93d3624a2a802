"""Numbers and dates in the formats of a farm's locale, in texts that stay English.

Spoolbook is not translated, but Django is: in the language of the locale a page would mix the two.
Django has one setting for both, the active language: ``get_format`` takes another one, but nothing
that calls it does (templates, form fields, ``date_format``), and FORMAT_MODULE_PATH would need a
package per locale. So this sets the active translation itself, which is private to Django.
"""

import copy
import functools
from contextlib import contextmanager

from django.conf import settings
from django.utils import translation
from django.utils.translation import trans_real


@contextmanager
def writing_as(locale):
    """Within it numbers and dates have the formats of ``locale``; those of English if unknown."""
    with translation.override(settings.LANGUAGE_CODE):
        trans_real._active.value = _texts(locale)  # as `activate` does, under another name
        yield


@functools.lru_cache(200)
def _texts(locale):
    """The English texts, under the name of the locale, by which formats are looked up."""
    try:
        name = translation.get_supported_language_variant(locale)
    except LookupError:
        name = settings.LANGUAGE_CODE
    texts = copy.copy(trans_real.translation(settings.LANGUAGE_CODE))
    texts.to_language = lambda: name
    return texts
