#include "images/sources/checksum_file.h"

#include "common/model/error.h"
#include "common/text/lower_case.h"
#include "common/text/text.h"

#include <algorithm>
#include <cctype>
#include <fmt/format.h>
#include <optional>

namespace bm::images {
namespace {

using model::Error;
using model::ErrorCode;

struct Line {
    std::string hex;
    std::string name; ///< without folders; "": the line has no name
};

std::optional<std::string> normalisedDigest(std::string_view text)
{
    constexpr std::size_t kSha256 = 64;
    constexpr std::size_t kSha512 = 128;
    if (!std::ranges::all_of(text, text::isHexDigit) || (text.size() != kSha256 && text.size() != kSha512))
        return std::nullopt;
    return model::lowerCase(text);
}

std::string baseName(std::string_view path)
{
    return std::string(path.substr(path.find_last_of('/') + 1));
}

/// "SHA256 (NAME) = HEX"
std::optional<Line> bsdLine(std::string_view text)
{
    const std::size_t open = text.find(" (");
    const std::size_t close = text.rfind(") = ");
    if (open == std::string_view::npos || close == std::string_view::npos || close < open)
        return std::nullopt;
    const std::optional<std::string> hex = normalisedDigest(text::trimmed(text.substr(close + 4)));
    if (!hex)
        return std::nullopt;
    return Line{*hex, baseName(text.substr(open + 2, close - open - 2))};
}

/// "HEX  NAME", "HEX *NAME" or "HEX"
std::optional<Line> gnuLine(std::string_view text)
{
    const std::size_t space = text.find_first_of(" \t");
    const std::optional<std::string> hex = normalisedDigest(text.substr(0, space));
    if (!hex)
        return std::nullopt;
    std::string_view name = space == std::string_view::npos ? "" : text::trimmed(text.substr(space));
    if (name.starts_with('*'))
        name.remove_prefix(1);
    return Line{*hex, baseName(name)};
}

std::string withKind(const std::string& hex)
{
    return (hex.size() == 64 ? "sha256:" : "sha512:") + hex;
}

/// Sets @p into to the digest of @p line; SHA-512 replaces SHA-256. @throws Error InvalidInput for a
/// contradiction
void assignDigest(std::string& into, const Line& line)
{
    if (into.size() == line.hex.size() && into != line.hex)
        throw Error(ErrorCode::InvalidInput,
                    fmt::format("checksum: the file has two different checksums for {}", line.name),
                    "give the correct one: --checksum sha256:HEX");
    if (line.hex.size() > into.size())
        into = line.hex;
}

} // namespace

std::string checksumFromFile(std::string_view text, const std::string& name)
{
    std::string named;
    std::string alone;
    std::size_t lines = 0;
    while (!text.empty()) {
        const std::size_t end = text.find('\n');
        const std::string_view one = text::trimmed(text.substr(0, end));
        text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
        std::optional<Line> line = bsdLine(one);
        if (!line)
            line = gnuLine(one);
        if (!line)
            continue;
        ++lines;
        if (line->name == name)
            assignDigest(named, *line);
        else if (line->name.empty())
            alone = line->hex;
    }
    if (!named.empty())
        return withKind(named);
    if (lines == 1 && !alone.empty())
        return withKind(alone);
    if (lines == 0)
        throw Error(ErrorCode::InvalidInput, "checksum: the file holds no SHA-256 or SHA-512 checksums",
                    "give its address as SHA256SUMS or SHA512SUMS, or --checksum sha256:HEX");
    throw Error(ErrorCode::NotFound, fmt::format("checksum: the file has no line for {}", name),
                "check the file, or give --checksum sha256:HEX");
}

} // namespace bm::images
