"""What a new farm does first, and how far it has come, by what there is in the farm.

An app adds its steps when its admin is loaded: with `register`.
"""

from dataclasses import dataclass

from django.db.models import Case, Exists, Expression, Q, When
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from tenants.accounts.models import AuditEvent, FarmSettings, User

DO, DONE, NEXT = "", "done", "next"


@dataclass(frozen=True, kw_only=True)
class Action:
    """A page that a step leads to, by the name of its address, and the permission for it."""

    label: str | Promise
    address: str
    permission: str

    @property
    def url(self):
        return reverse(self.address)


def adding(label, model):
    """The Action of adding a row of the model in the admin."""
    app, name = model._meta.app_label, model._meta.model_name
    return Action(label=label, address=f"admin:{app}_{name}_add", permission=f"{app}.add_{name}")


@dataclass(frozen=True, kw_only=True)
class FirstStep:
    """One step; ``is_done`` is a condition on the row of the FarmSettings. They come in the order
    of their ``place``."""

    name: str
    place: int
    title: str | Promise
    detail: str | Promise
    is_done: Expression | Q
    actions: tuple[Action, ...]


@dataclass(frozen=True)
class StepOfUser:
    """A step as it is shown to a person: its ``state``, and what they may do of its actions."""

    step: FirstStep
    number: int
    state: str
    actions: list


_STEPS = {}


def register(*steps):
    _STEPS.update({step.name: step for step in steps})


def first_steps(user):
    """The StepOfUsers: none once all are done, or hidden, or for a user who may do nothing of
    them. One query."""
    steps = sorted(_STEPS.values(), key=lambda step: step.place)
    conditions = {
        f"{step.name}_is_done": Case(When(step.is_done, then=True), default=False) for step in steps
    }
    row = FarmSettings.objects.values("first_steps_hidden", **conditions).get()
    done = {step.name for step in steps if row[f"{step.name}_is_done"]}
    if row["first_steps_hidden"] or len(done) == len(steps):
        return []
    allowed = {
        step.name: [each for each in step.actions if user.has_perm(each.permission)]
        for step in steps
    }
    if not any(allowed.values()):
        return []
    first = next(
        (step.name for step in steps if step.name not in done and allowed[step.name]), None
    )
    return [
        StepOfUser(
            step,
            number,
            DONE if step.name in done else NEXT if step.name == first else DO,
            [] if step.name in done else allowed[step.name],
        )
        for number, step in enumerate(steps, 1)
    ]


def done_of(steps):
    """How many of the StepOfUsers are done."""
    return sum(each.state == DONE for each in steps)


SETTINGS = Action(
    label=_("Settings"),
    address="admin:accounts_farmsettings_changelist",
    permission="accounts.change_farmsettings",
)
_changed = AuditEvent.objects.filter(object_type=FarmSettings._meta.label_lower)
register(
    FirstStep(
        name="farm",
        place=10,
        title=_("Set currency, time zone and language"),
        detail=_("Prices and days are written by them."),
        is_done=~Q(timezone="UTC") | Q(Exists(_changed)),
        actions=(SETTINGS,),
    ),
    FirstStep(
        name="rates",
        place=20,
        title=_("Set what an hour and a kilowatt-hour cost"),
        detail=_("Machine, labour and energy are part of what a good part costs."),
        is_done=Q(machine_hour_rate__gt=0) | Q(labour_rate__gt=0) | Q(energy_price_kwh__gt=0),
        actions=(SETTINGS,),
    ),
    FirstStep(
        name="address",
        place=70,
        title=_("Set the address on labels"),
        detail=_("A code on each spool makes the floor a matter of scanning."),
        is_done=~Q(address=""),
        actions=(SETTINGS,),
    ),
    FirstStep(
        name="people",
        place=90,
        title=_("Add your people"),
        detail=_("With a PIN each, for the tablet beside the printers."),
        is_done=Q(Exists(User.objects.order_by()[1:])),
        actions=(adding(_("Add a person"), User),),
    ),
)
