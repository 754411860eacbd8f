#pragma once
#include "common/http/request.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace bm::http {

/// The head of a request, RFC 9112 3 to 6.
struct Head {
    Method method = Method::Other;
    std::string path;                                          ///< decoded, no trailing slash
    std::vector<std::pair<std::string, std::string>> query{};  ///< decoded
    std::vector<std::pair<std::string, std::string>> fields{}; ///< in order, as sent
    bool http10 = false;
    bool keepAlive = false;
    bool chunked = false;
    bool expectsContinue = false;
    std::optional<std::uint64_t> contentLength{};
    std::string host{};

    std::optional<std::string> field(std::string_view name) const;
    std::vector<std::string> allFields(std::string_view name) const; ///< values in order
};

/// Bytes of the head including its empty line, or 0 while it is not whole. An earlier call has searched the
/// first @p searched bytes.
std::size_t headLength(std::string_view bytes, std::size_t searched = 0);
/// @throws Error InvalidInput: not HTTP, or an ambiguous length of the body
Head parseHead(const std::string& bytes);
/// Percent-decoding; @p plusIsBlank as in queries. @throws Error InvalidInput on a broken escape or a zero
/// byte
std::string urlDecode(std::string_view text, bool plusIsBlank = false);
bool equalIgnoringCase(std::string_view a, std::string_view b);

} // namespace bm::http
