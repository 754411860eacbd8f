#include "drivers/core/vendor_quirks.h"

#include "common/text/lower_case.h"

#include <algorithm>
#include <array>
#include <string>

namespace bm::drivers {
namespace {

struct Vendor {
    std::array<std::string_view, 2>
        names; ///< how the vendor's names begin, in lower case; "": no further one
    std::array<std::uint32_t, 2> manufacturers; ///< IANA numbers; 0: no further one
    VendorQuirks quirks;
};

constexpr auto kVendors = std::to_array<Vendor>({
    // Some of its boards report 47488 by mistake (FreeIPMI's workaround).
    {{"supermicro", "super micro"}, {10876, 47488}, {.uefiDisk = 0x24}},
    {{"lenovo", ""}, {19046, 0}, {.bootDeviceUndoesEntries = true}},
});
constexpr VendorQuirks kNone;

bool isCalled(const Vendor& vendor, std::string_view lowerName)
{
    return std::any_of(vendor.names.begin(), vendor.names.end(), [&](std::string_view beginning) {
        return !beginning.empty() && lowerName.starts_with(beginning);
    });
}

bool hasNumber(const Vendor& vendor, std::uint32_t number)
{
    return number != 0 && std::find(vendor.manufacturers.begin(), vendor.manufacturers.end(), number) !=
                              vendor.manufacturers.end();
}

} // namespace

const VendorQuirks& quirksOf(std::string_view vendor, std::optional<std::uint32_t> manufacturer)
{
    const std::string lower = model::lowerCase(vendor);
    for (const Vendor& one : kVendors)
        if (lower.empty() ? hasNumber(one, manufacturer.value_or(0)) : isCalled(one, lower))
            return one.quirks;
    return kNone;
}

} // namespace bm::drivers
