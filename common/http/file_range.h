#pragma once
#include "common/http/head.h"

#include <cstdint>
#include <string>
#include <sys/stat.h>

namespace bm::http {

/// What of a file a request gets, by RFC 9110 13 and 14.
struct FileAnswer {
    int status = 200;
    std::uint64_t offset = 0;
    std::uint64_t length = 0;
    std::string etag;
    std::string lastModified;
};

/// One byte range is honoured; several, or a malformed one, get the whole file.
FileAnswer answerForFile(const Head& head, const struct stat& file);

} // namespace bm::http
