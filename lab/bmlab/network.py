"""The lab's network: a namespace with one bridge for the machines and one address per BMC. The host's own is not touched."""
import os

from . import place, process

BMC_BRIDGE = "bmlab-bmc"


def exists():
    return os.path.exists(f"/run/netns/{place.NETNS}")


def _ip(*words):
    process.run("ip", "-n", place.NETNS, *words)


def has_link(name):
    return bool(process.run("ip", "-n", place.NETNS, "-o", "link", "show", "dev", name, check=False))


def _bridge(name, address):
    if not has_link(name):
        _ip("link", "add", name, "type", "bridge", "stp_state", "0", "forward_delay", "0")
        _ip("address", "add", f"{address}/24", "dev", name)
        _ip("link", "set", name, "up")


def raise_network():
    if not exists():
        process.run("ip", "netns", "add", place.NETNS)
    _ip("link", "set", "lo", "up")
    _bridge(place.BRIDGE, place.ADDRESS)
    _bridge(BMC_BRIDGE, f"{place.BMC_NETWORK}.1")


def add_machine(tap, bmc_address):
    """A tap on the bridge and the BMC's address. Harmless to repeat."""
    if not has_link(tap):
        _ip("tuntap", "add", "dev", tap, "mode", "tap")
        _ip("link", "set", tap, "master", place.BRIDGE, "up")
    if bmc_address not in process.run("ip", "-n", place.NETNS, "address", "show", "dev", BMC_BRIDGE):
        _ip("address", "add", f"{bmc_address}/24", "dev", BMC_BRIDGE)


def remove():
    if exists():
        process.run("ip", "netns", "delete", place.NETNS)
