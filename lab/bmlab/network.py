"""The lab's network: a namespace with one bridge for the machines and one address per BMC. Does not change the host's
network."""
import os

from . import place, process

BMC_BRIDGE = "bmlab-bmc"


def exists():
    return os.path.exists(f"/run/netns/{place.NETNS}")


def _ip(*words):
    process.run("ip", "-n", place.NETNS, *words)


def has_link(name):
    return bool(process.run("ip", "-n", place.NETNS, "-o", "link", "show", "dev", name, check=False))


def _bridge(name, mac, *addresses):
    if not has_link(name):
        # A fixed MAC: otherwise the bridge adopts the MAC of a port, and its IPv6 address no longer matches.
        _ip("link", "add", name, "address", mac, "type", "bridge", "stp_state", "0", "forward_delay", "0")
        for address in addresses:
            _ip("address", "add", address, "dev", name, *(["nodad"] if ":" in address else []))
        _ip("link", "set", name, "up")


def raise_network():
    if not exists():
        process.run("ip", "netns", "add", place.NETNS)
    _ip("link", "set", "lo", "up")
    # The IPv6 address lets dnsmasq advertise a router; without a router iPXE waits 13 s for one.
    _bridge(place.BRIDGE, "52:54:00:77:ff:01", f"{place.ADDRESS}/24", "fd77:0:0:77::1/64")
    _bridge(BMC_BRIDGE, "52:54:00:77:ff:02", f"{place.BMC_NETWORK}.1/24")


def add_machine(tap, bmc_address):
    """Creates a tap on the bridge and the BMC's address. Safe to repeat."""
    if not has_link(tap):
        _ip("tuntap", "add", "dev", tap, "mode", "tap")
        _ip("link", "set", tap, "master", place.BRIDGE, "up")
    if bmc_address not in process.run("ip", "-n", place.NETNS, "address", "show", "dev", BMC_BRIDGE):
        _ip("address", "add", f"{bmc_address}/24", "dev", BMC_BRIDGE)


def remove():
    if exists():
        process.run("ip", "netns", "delete", place.NETNS)
