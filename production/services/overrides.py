"""Permissions to override a refusal and to undo an action, beyond that of the verb."""

from datetime import timedelta

from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext as _

from tenants.operations.refusals import OverrideNotPermitted, Refusal
from tenants.operations.text import format_moment, humanize_name

OVERRIDE = "production.override_productionrun"
UNDO_ANY = "production.undo_any_productionrun"
UNDO_FOR = timedelta(minutes=30)


class UndoNotPermitted(Refusal):
    code = "undo_not_permitted"
    status = 403
    title = "This can be undone by a manager only"


class NothingToUndo(Refusal):
    code = "nothing_to_undo"
    title = "This can't be undone any more"

    @classmethod
    def since(cls, run):
        return cls(
            _("Something else was done to run %(run)s since.") % {"run": run.number}, run_id=run.pk
        )


def require_own(*, by, done_by, done_at, at=None):
    """Raise UndoNotPermitted unless ``by`` did it a moment ago; a manager, and the system itself,
    may undo any."""
    if by is None or by.has_perm(UNDO_ANY):
        return
    if done_by != by.pk or (at or timezone.now()) - done_at > UNDO_FOR:
        raise UndoNotPermitted(
            _("What you did yourself can be undone for 30 minutes; ask a manager."),
            done_at=done_at.isoformat(),
        )


def granted(reason, *, by):
    """Whether refusals may be overridden: a reason was given, by a person who may.

    Raises OverrideNotPermitted. The system itself (``by`` None) may.
    """
    if not reason:
        return False
    if by is not None and not by.has_perm(OVERRIDE):
        raise OverrideNotPermitted(
            _("Only a manager may override this; ask one, or leave out the reason for it."),
            errors={"override_reason": [_("Only a manager may override.")]},
        )
    return True


def may_undo(run, *, by):
    """Whether ``by`` may take back, or correct, what was done to the run last."""
    try:
        require_may_undo(run, by=by)
    except UndoNotPermitted:
        return False
    return True


def require_may_undo(run, *, by, at=None):
    """Raise UndoNotPermitted unless the run's last verb was ``by``'s own, a moment ago.

    A manager, and the system itself, may undo any.
    """
    if by is None or by.has_perm(UNDO_ANY):
        return
    last = run.events.exclude(from_status=F("to_status")).order_by("-pk").first()
    is_fresh = (at or timezone.now()) - last.at <= UNDO_FOR
    if not is_fresh or last.by_id != by.pk:
        who = last.by_name or _("the system")
        message = _(
            "“%(verb)s” of run %(run)s was done by %(person)s at %(moment)s. Your own last verb "
            "can be undone for 30 minutes; ask a manager."
        )
        figures = {"verb": humanize_name(last.verb), "moment": format_moment(last.at)}
        raise UndoNotPermitted(
            message % {"run": run.number, "person": who, **figures},
            run_id=run.pk,
            last_verb=last.verb,
            last_by=who,
        )
