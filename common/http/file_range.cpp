#include "common/http/file_range.h"

#include "common/text/text.h"

#include <Poco/DateTimeFormat.h>
#include <Poco/DateTimeFormatter.h>
#include <Poco/Timestamp.h>
#include <algorithm>
#include <fmt/format.h>

namespace bm::http {
namespace {

struct Range {
    std::uint64_t first = 0;
    std::uint64_t length = 0; ///< 0: not satisfiable
};

/// Parses "bytes=a-b", "bytes=a-", "bytes=-n"; nothing for any other text, which RFC 9110 ignores.
std::optional<Range> parseRange(std::string_view text, std::uint64_t size)
{
    const std::size_t dash = text.find('-');
    if (!text.starts_with("bytes=") || dash == std::string_view::npos)
        return std::nullopt;
    const std::string_view from = text.substr(6, dash - 6);
    const std::string_view to = text.substr(dash + 1);
    const std::optional<std::uint64_t> first = text::parseNumber<std::uint64_t>(from);
    const std::optional<std::uint64_t> last = text::parseNumber<std::uint64_t>(to);
    if ((!from.empty() && !first) || (!to.empty() && !last) || (!first && !last))
        return std::nullopt;
    if (!first) {
        const std::uint64_t length = std::min(*last, size);
        return Range{size - length, length};
    }
    if (last && *last < *first)
        return std::nullopt;
    if (*first >= size)
        return Range{};
    return Range{*first, std::min(last.value_or(size - 1), size - 1) - *first + 1};
}

bool listsEtag(std::string_view list, const std::string& etag)
{
    return list == "*" || list.find(etag) != std::string_view::npos;
}

} // namespace

FileAnswer answerForFile(const Head& head, const struct stat& file)
{
    FileAnswer answer;
    const auto size = static_cast<std::uint64_t>(file.st_size);
    answer.length = size;
    answer.etag = fmt::format("\"{:x}-{:x}-{:x}{:09x}\"", file.st_ino, file.st_size, file.st_mtim.tv_sec,
                              file.st_mtim.tv_nsec);
    answer.lastModified = Poco::DateTimeFormatter::format(Poco::Timestamp::fromEpochTime(file.st_mtim.tv_sec),
                                                          Poco::DateTimeFormat::HTTP_FORMAT);
    if (!listsEtag(head.field("If-Match").value_or("*"), answer.etag)) {
        answer.status = 412;
        answer.length = 0;
        return answer;
    }
    if (const std::optional<std::string> none = head.field("If-None-Match");
        none && listsEtag(*none, answer.etag)) {
        answer.status = 304;
        answer.length = 0;
        return answer;
    }
    const std::optional<std::string> wanted = head.field("Range");
    const std::string condition = head.field("If-Range").value_or(answer.etag);
    if (!wanted || head.method != Method::Get ||
        (condition != answer.etag && condition != answer.lastModified))
        return answer;
    if (const std::optional<Range> range = parseRange(*wanted, size)) {
        answer.status = range->length == 0 ? 416 : 206;
        answer.offset = range->first;
        answer.length = range->length;
    }
    return answer;
}

} // namespace bm::http
