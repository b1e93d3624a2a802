"""Figures and dates as a farm's locale writes them, in texts that stay English.

Spoolbook is not translated, but Django is: with the language of the locale as well, a page would be
a mixture of the two.
"""

import copy
import functools
from contextlib import contextmanager

from django.conf import settings
from django.utils import translation
from django.utils.translation import trans_real


@contextmanager
def writing_as(locale):
    """Within it figures and dates are written as in ``locale``; one that is unknown changes
    nothing."""
    with translation.override(settings.LANGUAGE_CODE):
        trans_real._active.value = _texts(locale)  # what `activate` sets, with a name of our own
        yield


@functools.lru_cache(200)
def _texts(locale):
    """The English texts, called by the name of the locale: the formats go by it."""
    try:
        name = translation.get_supported_language_variant(locale)
    except LookupError:
        name = settings.LANGUAGE_CODE
    texts = copy.copy(trans_real.translation(settings.LANGUAGE_CODE))
    texts.to_language = lambda: name
    return texts
