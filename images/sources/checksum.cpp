#include "images/sources/checksum.h"

#include "common/model/error.h"
#include "common/text/lower_case.h"
#include "common/text/text.h"

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
    checksum.hex = model::lowerCase(std::string_view(text).substr(std::min(text.size(), kAlgorithm)));
    const std::size_t digits = checksum.kind == Digest::Kind::Bits512 ? 128 : 64;
    const bool known = algorithm == "sha256:" || algorithm == "sha512:";
    if (known && text::isLowerHex(checksum.hex, digits))
        return checksum;
    throw model::Error(model::ErrorCode::InvalidInput, fmt::format("'{}' is not a checksum", text),
                       "write sha256:<64 hex digits> or sha512:<128 hex digits>");
}

} // namespace bm::images
