"""Where farms that take long to make are stored, and where the table is written to."""

import hashlib
import shutil

from benchmarks.serving import ROOT

DATA = ROOT / ".data" / "bench"
MADE_BY = ("benchmarks/farm.py", "benchmarks/farm_copies.py", "benchmarks/folders.py")


def folder(name):
    """A data folder of the migrations as they are; those of others are removed."""
    place = DATA / f"{name}-{_fingerprint()}"
    for other in DATA.glob(f"{name}-*"):
        if other != place:
            shutil.rmtree(other)
    place.mkdir(parents=True, exist_ok=True)
    return place


def _fingerprint():
    digest = hashlib.sha256()
    for path in sorted([*ROOT.glob("*/migrations/*.py"), *ROOT.glob("*/*/migrations/*.py")]):
        digest.update(path.read_bytes())
    for name in MADE_BY:
        digest.update((ROOT / name).read_bytes())
    return digest.hexdigest()[:12]
