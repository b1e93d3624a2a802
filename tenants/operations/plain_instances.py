"""Instances of models as they come from the database, made without ``Model.__init__``."""

from django.db import models
from django.db.models.base import ModelState
from django.db.models.fields.related_descriptors import ForeignKeyDeferredAttribute
from django.db.models.query import get_related_populators
from django.db.models.query_utils import DeferredAttribute
from django.db.models.signals import post_init, pre_init

PLAIN = {DeferredAttribute, ForeignKeyDeferredAttribute}  # what a column is to an instance


class PlainMaker:
    """Makes instances of a model of which ``Model.__init__`` would only set attributes, in a
    fraction of its time."""

    def __init__(self, model):
        self.model = model

    def from_db(self, using, names, values):
        instance = self.model.__new__(self.model)
        attributes = instance.__dict__
        attributes["_state"] = state = ModelState()
        state.adding, state.db = False, using
        attributes.update(zip(names, values, strict=True))
        return instance


def maker_of(model):
    """What has ``from_db`` of a model: the model itself where more happens when it is made."""
    names = [field.attname for field in model._meta.concrete_fields]
    is_plain = (
        model.__init__ is models.Model.__init__
        and model.from_db.__func__ is models.Model.from_db.__func__
        and all(type(getattr(model, name)) in PLAIN for name in names)
        and not any(signal.has_listeners(model) for signal in (pre_init, post_init))
    )
    return PlainMaker(model) if is_plain else model


def populators(klass_info, select, using):
    """Django's own of what select_related adds; their instances are made so too."""
    found = get_related_populators(klass_info, select, using)
    for each in found:
        _make_plainly(each)
    return found


def _make_plainly(populator):
    populator.model_cls = maker_of(populator.model_cls)
    for each in populator.related_populators:
        _make_plainly(each)
