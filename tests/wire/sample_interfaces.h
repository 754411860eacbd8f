#pragma once
#include "common/model/interfaces.h"

namespace bm::test {

/// Interfaces of two hardware types, as bmd's have them.
inline const model::InterfaceTable& sampleInterfaces()
{
    static const model::InterfaceTable table = [] {
        model::InterfaceTable made;
        const auto add = [&](const char* driver, const char* kind, std::initializer_list<const char*> names) {
            for (const char* name : names)
                made.add(driver, kind, name);
        };
        add("ipmi", "bios", {"no-bios"});
        add("ipmi", "boot", {"ipxe", "pxe", "http-ipxe"});
        add("ipmi", "console", {"no-console"});
        add("ipmi", "deploy", {"direct", "ramdisk"});
        add("ipmi", "firmware", {"no-firmware"});
        add("ipmi", "inspect", {"agent", "no-inspect"});
        add("ipmi", "management", {"ipmitool", "noop"});
        add("ipmi", "network", {"noop"});
        add("ipmi", "power", {"ipmitool"});
        add("ipmi", "raid", {"agent", "no-raid"});
        add("ipmi", "rescue", {"agent", "no-rescue"});
        add("ipmi", "storage", {"noop"});
        add("ipmi", "vendor", {"ipmitool", "no-vendor"});
        add("fake-hardware", "bios", {"fake", "no-bios"});
        add("fake-hardware", "boot", {"fake", "ipxe", "pxe"});
        add("fake-hardware", "console", {"fake", "no-console"});
        add("fake-hardware", "deploy", {"fake", "direct", "ramdisk"});
        add("fake-hardware", "firmware", {"fake", "no-firmware"});
        add("fake-hardware", "inspect", {"fake", "agent", "no-inspect"});
        add("fake-hardware", "management", {"fake", "noop"});
        add("fake-hardware", "network", {"noop"});
        add("fake-hardware", "power", {"fake"});
        add("fake-hardware", "raid", {"fake", "agent", "no-raid"});
        add("fake-hardware", "rescue", {"fake", "agent", "no-rescue"});
        add("fake-hardware", "storage", {"noop", "fake"});
        add("fake-hardware", "vendor", {"fake", "no-vendor"});
        return made;
    }();
    return table;
}

} // namespace bm::test
