"""A farm to look around in: a month of believable history that ends a moment ago.

``data`` is what the farm owns, ``farm`` sets it up, ``stories`` is what happens to one run or
spool, ``month`` decides what happens when. Everything goes through the services, in the order of
time, with ``at=``; the dice have a fixed seed, so two farms made on the same day differ only in
the codes of their spools.
"""

from production.demo.farm import SIGN_INS, SLUG, ensure

__all__ = ["SIGN_INS", "SLUG", "ensure"]
