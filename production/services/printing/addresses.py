"""Which addresses of printers may be asked: public ones, and those of the networks that the
installation names."""

import socket

from django.conf import settings
from django.utils.translation import gettext as _

from tenants.operations.refusals import Refusal
from tenants.web.outgoing import may_ask


class PrinterNotReached(Refusal):
    code = "printer_not_reached"
    title = "The printer was not reached"


def permitted(host, port):
    """An IP address of the host that may be asked: the connection goes to it, whatever the name
    stands for by then. Raises OSError, UnicodeError, PrinterNotReached."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    addresses = [each[4][0].partition("%")[0] for each in found]
    for address in addresses:
        if may_ask(address, settings.PRINTER_NETWORKS):
            return address
    text = _(
        "%(host)s is at the private address %(address)s, and this installation asks none there. "
        "Whoever runs it can name its network in SPOOLBOOK_PRINTER_NETWORKS."
    )
    raise PrinterNotReached(text % {"host": host, "address": addresses[0]})
