"""The demo farm: a month of history that ends now.

``data`` is what the farm owns, ``farm`` sets it up, ``stories`` is what happens to one run or
spool, ``month`` decides what happens when. All is done through the services, in the order of time,
with ``at=``. Random values have a fixed seed: two farms made on the same day differ only in the
codes of their spools.
"""

from production.demo.farm import SIGN_INS, SLUG, ensure, fill_for_practice

__all__ = ["SIGN_INS", "SLUG", "ensure", "fill_for_practice"]
