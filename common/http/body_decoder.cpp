#include "common/http/body_decoder.h"

#include "common/model/error.h"
#include "common/text/text.h"

#include <algorithm>

namespace bm::http {
namespace {

constexpr std::size_t kLineLimit = 4096;
constexpr int kTrailerLimit = 32;

[[noreturn]] void badChunk()
{
    throw model::Error(model::ErrorCode::InvalidInput, "the body's chunks are malformed");
}

/// The line of @p input at @p at without its end, and @p at moved behind it; nothing while it is not whole.
std::optional<std::string> takeLineFrom(const std::string& input, std::size_t& at)
{
    const std::size_t end = input.find('\n', at);
    if (std::min(end, input.size()) - at > kLineLimit)
        badChunk();
    if (end == std::string::npos)
        return std::nullopt;
    std::string line = input.substr(at, end - at);
    at = end + 1;
    if (line.ends_with('\r'))
        line.pop_back();
    return line;
}

} // namespace

BodyDecoder::BodyDecoder(const Head& head)
    : chunked_(head.chunked), expected_(head.chunked                          ? Expected::ChunkSize
                                        : head.contentLength.value_or(0) != 0 ? Expected::Data
                                                                              : Expected::Nothing),
      left_(head.contentLength.value_or(0))
{}

std::size_t BodyDecoder::take(std::string& input, std::string& body, std::size_t limit)
{
    std::size_t used = 0;
    std::size_t moved = 0;
    while (expected_ != Expected::Nothing) {
        if (expected_ == Expected::Data) {
            const std::size_t room = std::min(limit - moved, input.size() - used);
            const auto count = static_cast<std::size_t>(std::min<std::uint64_t>(left_, room));
            body.append(input, used, count);
            used += count;
            moved += count;
            left_ -= count;
            if (left_ != 0)
                break;
            expected_ = chunked_ ? Expected::ChunkEnd : Expected::Nothing;
        } else if (const std::optional<std::string> line = takeLineFrom(input, used)) {
            takeLine(*line);
        } else {
            break;
        }
    }
    input.erase(0, used);
    return moved;
}

void BodyDecoder::takeLine(const std::string& line)
{
    if (expected_ == Expected::ChunkSize)
        return takeSize(line);
    if (expected_ == Expected::ChunkEnd) {
        if (!line.empty())
            badChunk();
        expected_ = Expected::ChunkSize;
    } else if (line.empty()) {
        expected_ = Expected::Nothing;
    } else if (++trailers_ > kTrailerLimit) {
        badChunk();
    }
}

void BodyDecoder::takeSize(const std::string& line)
{
    std::string_view rest = line;
    const std::optional<std::uint64_t> size = text::takeNumber<std::uint64_t>(rest, 16);
    if (!size || (!rest.empty() && rest.front() != ';' && rest.front() != ' '))
        badChunk();
    left_ = *size;
    expected_ = left_ == 0 ? Expected::Trailer : Expected::Data;
}

} // namespace bm::http
