"""Which addresses may be asked for somebody who has entered one: those of the public internet, and
of the networks that the installation names."""

import ipaddress

NAT64 = ipaddress.ip_network("64:ff9b::/96")


def may_ask(text, networks):
    """Whether an IP address, as getaddrinfo writes it, is public or in one of the networks."""
    address = _real(ipaddress.ip_address(text.partition("%")[0]))
    if any(address in network for network in networks):
        return True
    return address.is_global and not address.is_multicast


def _real(address):
    """The address of version 4 that one of version 6 leads to."""
    if address.version == 4:
        return address
    if address in NAT64:
        return ipaddress.ip_address(int(address) & 0xFFFFFFFF)
    return address.ipv4_mapped or address.sixtofour or address
