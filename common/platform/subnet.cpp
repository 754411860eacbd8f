#include "common/platform/subnet.h"

#include "common/model/error.h"
#include "common/text/text.h"

#include <arpa/inet.h>
#include <array>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

namespace bm::platform {
namespace {

using Bytes = std::vector<std::uint8_t>;

Bytes addressBytes(const std::string& text)
{
    for (const auto& [family, size] : {std::pair{AF_INET, std::size_t{4}}, {AF_INET6, std::size_t{16}}}) {
        Bytes bytes(size);
        if (::inet_pton(family, text.c_str(), bytes.data()) == 1)
            return bytes;
    }
    throw model::Error(model::ErrorCode::InvalidInput, "\"" + text.substr(0, 80) + "\" is not an IP address");
}

std::size_t prefixOf(const std::string& subnet, std::size_t slash, std::size_t most)
{
    if (slash == std::string::npos)
        return most;
    const std::optional<std::size_t> prefix =
        text::parseNumber<std::size_t>(std::string_view(subnet).substr(slash + 1));
    if (!prefix || *prefix > most)
        throw model::Error(model::ErrorCode::InvalidInput, "\"" + subnet.substr(0, 80) + "\" is not a subnet",
                           "for example 10.0.0.0/8");
    return *prefix;
}

} // namespace

bool isInSubnet(const std::string& address, const std::string& subnet)
{
    const std::size_t slash = subnet.find('/');
    const Bytes one = addressBytes(address);
    const Bytes net = addressBytes(subnet.substr(0, slash));
    const std::size_t prefix = prefixOf(subnet, slash, net.size() * 8);
    if (one.size() != net.size())
        return false;
    for (std::size_t bit = 0; bit < prefix; ++bit)
        if (((one[bit / 8] ^ net[bit / 8]) & (0x80U >> (bit % 8))) != 0)
            return false;
    return true;
}

} // namespace bm::platform
