"""A virtual fleet: QEMU machines, each with an IPMI BMC, on a bridge in its own network namespace."""
