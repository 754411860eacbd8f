"""A virtual fleet: QEMU machines, each with an IPMI BMC, on a bridge in a network namespace of its own."""
