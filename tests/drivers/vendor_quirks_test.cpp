#include "drivers/core/vendor_quirks.h"

#include <catch2/catch.hpp>

using namespace bm;
using drivers::quirksOf;

TEST_CASE("a vendor's quirks go by its name, else by the BMC's manufacturer", "[drivers][vendor]")
{
    constexpr std::uint32_t kDell = 674, kSupermicro = 10876, kLenovo = 19046;
    for (const char* name : {"Supermicro", "SUPERMICRO", "Super Micro Computer Inc.", "Supermicro Inc"})
        CHECK(quirksOf(name, kDell).uefiDisk == 0x24);
    CHECK(quirksOf("", kSupermicro).uefiDisk == 0x24);
    for (const char* name : {"Lenovo", "LENOVO", "lenovo"})
        CHECK(quirksOf(name, std::nullopt).bootDeviceUndoesEntries);
    CHECK(quirksOf("", kLenovo).bootDeviceUndoesEntries);
    CHECK_FALSE(quirksOf("", kSupermicro).bootDeviceUndoesEntries);
    for (const char* name : {"Dell Inc.", "HPE", "a supermicro reseller", "IANA 10876"}) {
        CHECK(quirksOf(name, kSupermicro).uefiDisk == 0x08);
        CHECK_FALSE(quirksOf(name, kLenovo).bootDeviceUndoesEntries);
    }
    CHECK(quirksOf("", std::nullopt).uefiDisk == 0x08);
    CHECK(quirksOf("", 0U).uefiDisk == 0x08);
}
