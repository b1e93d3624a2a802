"""Checks that printers, products and reasons are active when they are chosen."""

from django.utils.translation import gettext as _

from tenants.operations.refusals import Invalid, Refusal


class PrinterInactive(Refusal):
    code = "printer_inactive"
    title = "A printer is out of service"


class ProductInactive(Refusal):
    code = "product_inactive"
    title = "The product is made no more"


class ReasonInactive(Refusal):
    code = "reason_inactive"
    title = "The reason is out of use"


def require_printers(printers, *, field="printer"):
    """Raise PrinterInactive with all of the ``printers`` (None apart) that are out of service."""
    if retired := [each for each in printers if each is not None and not each.is_active]:
        names = ", ".join(each.name for each in retired)
        raise PrinterInactive(
            _("Out of service: %(printers)s.") % {"printers": names},
            errors={field: [_("Out of service: choose others.")]},
            printer_ids=[each.pk for each in retired],
        )


def require_products(products):
    """Raise ProductInactive with the first of the ``products`` that is made no more."""
    if product := next((each for each in products if not each.is_active), None):
        raise ProductInactive(
            _("%(product)s is made no more.") % {"product": product},
            errors={"product": [_("Made no more.")]},
            product_id=product.pk,
        )


def require_reason(reason, *, kind, named=None, field="scrap_reason"):
    """Raise Invalid for a Reason of another kind, ReasonInactive for one that is out of use, unless
    it was ``named`` (its id) before; None is none."""
    if reason is None or reason.pk == named:
        return
    if reason.kind != kind:
        message = _("“%(reason)s” is a reason for %(kind)s.")
        message %= {"reason": reason, "kind": reason.get_kind_display().lower()}
        raise Invalid(message, errors={field: [message]})
    if not reason.is_active:
        message = _("“%(reason)s” is out of use: name another reason.") % {"reason": reason}
        raise ReasonInactive(message, errors={field: [message]}, reason_id=reason.pk)
