#include "drivers/ipmi/ipmi_vendor.h"

#include "common/model/error.h"
#include "common/text/text.h"
#include "drivers/ipmi/ipmi_access.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <vector>

#include <fmt/format.h>

namespace bm::drivers {
namespace {

using model::Deadline;
using model::Error;
using model::ErrorCode;

/// Parses bytes such as "0x06 0x01".
std::vector<std::uint8_t> bytesOf(const std::string& text)
{
    std::vector<std::uint8_t> bytes;
    for (std::size_t at = 0; at < text.size();) {
        const std::size_t end = std::min(text.find_first_of(" ,", at), text.size());
        std::string_view one = std::string_view(text).substr(at, end - at);
        at = end + 1;
        if (one.empty())
            continue;
        if (one.starts_with("0x"))
            one.remove_prefix(2);
        const std::optional<std::uint8_t> value = text::parseNumber<std::uint8_t>(one, 16);
        if (!value)
            throw Error(ErrorCode::InvalidInput,
                        "raw_bytes: \"" + std::string(one.substr(0, 40)) + "\" is not a byte",
                        "for example \"0x06 0x01\"");
        bytes.push_back(*value);
    }
    constexpr std::size_t kLeast = 2, kMost = 256; // network function and command, then data
    if (bytes.size() < kLeast || bytes.size() > kMost)
        throw Error(ErrorCode::InvalidInput, "raw_bytes: expected 2 to 256 bytes");
    return bytes;
}

class IpmitoolVendor final : public VendorMethods {
public:
    explicit IpmitoolVendor(std::shared_ptr<IpmitoolClient> client) : client_(std::move(client)) {}

    std::span<const VendorMethod> methods() const override { return methods_; }

    VendorOutcome call(const BmcAccess& bmc, std::string_view method, const Values& arguments,
                       const Deadline& deadline) override
    {
        requireReachable(bmc);
        if (method == "bmc_reset") {
            const std::string kind = valueOr(arguments, "warm", "true") == "true" ? "warm" : "cold";
            client_->call(bmc, {"mc", "reset", kind}, Retry::Acting, deadline);
            return {model::EventKind::BmcReset, kind};
        }
        const std::vector<std::uint8_t> bytes = bytesOf(valueOr(arguments, "raw_bytes", ""));
        std::vector<std::string> command{"raw"};
        for (const std::uint8_t byte : bytes)
            command.push_back(fmt::format("{:#04x}", byte));
        client_->call(bmc, command, Retry::Reading, deadline);
        return {model::EventKind::BmcRaw, std::to_string(bytes.size()) + " bytes"};
    }

private:
    std::shared_ptr<IpmitoolClient> client_; ///< shared by the interfaces of this hardware type
    const std::array<VendorMethod, 2> methods_{{
        {"bmc_reset", true, true, "Restarts the BMC; warm: true (the default) or false", {{"warm", true}}},
        {"send_raw", true, true, "Sends raw_bytes, \"0x06 0x01\", to the BMC", {{"raw_bytes"}}},
    }};
};

} // namespace

std::shared_ptr<VendorMethods> makeIpmiVendor(std::shared_ptr<IpmitoolClient> client)
{
    return std::make_shared<IpmitoolVendor>(std::move(client));
}

} // namespace bm::drivers
