#pragma once
#include "common/http/head.h"

#include <cstdint>
#include <string>
#include <sys/stat.h>

namespace bm::http {

/// The part of a file that answers a request, by RFC 9110 13 and 14.
struct FileAnswer {
    int status = 200;
    std::uint64_t offset = 0;
    std::uint64_t length = 0;
    std::string etag;
    std::string lastModified;
};

/// Honours one byte range; several ranges or a malformed one get the whole file.
FileAnswer answerForFile(const Head& head, const struct stat& file);

} // namespace bm::http
