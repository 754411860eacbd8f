#include "images/sources/checksum.h"

#include "common/model/error.h"

#include <algorithm>
#include <fmt/format.h>
#include <string_view>

namespace bm::images {

std::optional<Checksum> parseChecksum(const std::string& text)
{
    if (text.empty())
        return std::nullopt;
    constexpr std::size_t kAlgorithm = 7; // "sha256:"
    Checksum checksum;
    const std::string_view algorithm = std::string_view(text).substr(0, kAlgorithm);
    checksum.kind = algorithm == "sha512:" ? Digest::Kind::Bits512 : Digest::Kind::Bits256;
    checksum.hex = text.substr(std::min(text.size(), kAlgorithm));
    for (char& c : checksum.hex)
        if (c >= 'A' && c <= 'F')
            c = static_cast<char>(c - 'A' + 'a');
    const std::size_t digits = checksum.kind == Digest::Kind::Bits512 ? 128 : 64;
    const bool known = algorithm == "sha256:" || algorithm == "sha512:";
    if (known && checksum.hex.size() == digits &&
        checksum.hex.find_first_not_of("0123456789abcdef") == std::string::npos)
        return checksum;
    throw model::Error(model::ErrorCode::InvalidInput, fmt::format("'{}' is no checksum", text),
                       "write sha256:<64 hex digits> or sha512:<128 hex digits>");
}

} // namespace bm::images
