"""Parts of pages that are filled in: what is kept of them, and what is put there."""

import pytest
from django.utils.safestring import SafeString

from tenants.web import frames

CARD = "production/floor/_made.html"


@pytest.fixture(autouse=True)
def _nothing_is_kept():
    frames._frame.cache_clear()
    yield
    frames._frame.cache_clear()


def test_values_are_written_escaped_and_left_out_where_they_are_not_there():
    values = {"product": '<b> 100 %(title)s & "co"', "locale": "de", "title": "", "picture": None}
    assert frames.fill(CARD, values) == (
        '<p class="name" lang="de">&lt;b&gt; 100 %(title)s &amp; &quot;co&quot;</p>'
    )
    filled = frames.fill(CARD, values | {"product": SafeString("<i>1</i>"), "title": 'a"b'})
    assert filled == '<p class="name" lang="de" title="a&quot;b"><i>1</i></p>'
    assert isinstance(filled, SafeString)


def test_what_is_kept_has_no_value_in_it_whoever_comes_next():
    for farm in ("alpha", "beta"):
        text = frames.fill(CARD, {"product": f"Hook of {farm}", "locale": "en"})
        assert text == f'<p class="name" lang="en">Hook of {farm}</p>'
    kept = frames._frame(CARD, ("product", "locale"), ())
    assert frames._frame.cache_info().misses == 1
    assert kept == '<p class="name" lang="%(locale)s">%(product)s</p>'
