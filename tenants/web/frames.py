"""Parts of which a page has many, such as cards: filled in, not rendered one by one.

A template is rendered once in a process for each ``shape`` and each set of values that are there,
with marks in the place of the values; for each part, only its values are put there. So what is
kept has no value in it, of whatever farm or person. Of a value, the template may ask whether it is
there, and write it; a filter would get the mark. Whatever else it tells apart is in the shape.
Texts are English in every locale, so that the locale is none of it.
"""

import re
from functools import lru_cache

from django.template.loader import render_to_string
from django.utils.html import conditional_escape
from django.utils.safestring import SafeString, mark_safe

MOST = 500  # of all templates and shapes
MARK = "\ue000{}\ue001"  # letters that no template has
MARKS = re.compile("\ue000(\\w+)\ue001")


def fill(template, values, **shape):
    """The template with the values, which are escaped; None and "" are not there. The shape is
    hashable."""
    texts = {name: conditional_escape(value) for name, value in values.items() if value}
    frame = _frame(template, tuple(texts), tuple(shape.items()))
    return mark_safe(frame % texts)  # nosec B308 B703


@lru_cache(MOST)
def _frame(template, names, shape):
    marks = {name: SafeString(MARK.format(name)) for name in names}
    text = render_to_string(template, {**dict(shape), **marks})
    return MARKS.sub(r"%(\1)s", text.replace("%", "%%"))
