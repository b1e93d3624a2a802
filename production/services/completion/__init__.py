"""The outcome of a run: the moments at which it meets the ledger, and their corrections."""

from production.services.completion.closing import Completion, complete, fail
from production.services.completion.correcting import correct, reassign
from production.services.completion.reverting import CountedSince, revert

__all__ = ["Completion", "CountedSince", "complete", "correct", "fail", "reassign", "revert"]
