#include "api/own/spooled_upload.h"

#include "common/model/error.h"
#include "common/model/ids.h"
#include "common/platform/files.h"

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>
#include <vector>

namespace bm::api {

using model::Error;
using model::ErrorCode;

namespace {

constexpr std::size_t kPieceBytes = std::size_t{1} << 20U;
constexpr std::uint64_t kSpaceCheckBytes = std::uint64_t{256}
                                           << 20U; ///< bytes between two checks of the free space

void writeAll(int fd, const char* from, std::size_t bytes)
{
    for (std::size_t done = 0; done < bytes;) {
        const ssize_t n = ::write(fd, from + done, bytes - done);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            throw Error(errno == ENOSPC || errno == EDQUOT ? ErrorCode::StoreFull : ErrorCode::Internal,
                        fmt::format("cannot store the upload: {}",
                                    std::strerror(errno)), // NOLINT(concurrency-mt-unsafe)
                        "free disk space on the image store's file system");
        done += static_cast<std::size_t>(n);
    }
}

Error tooLarge(std::uint64_t limitBytes)
{
    return {ErrorCode::TooLarge, fmt::format("the upload exceeds the limit of {} bytes", limitBytes)};
}

} // namespace

SpooledUpload::SpooledUpload(const images::ImageStore& store)
    : store_(store), file_(store.incomingFolder() / ("upload-" + model::makeUuid()))
{}

SpooledUpload::~SpooledUpload()
{
    std::error_code ignored;
    if (ours_)
        std::filesystem::remove(file_, ignored);
}

void SpooledUpload::receive(http::Request& request, std::uint64_t limitBytes)
{
    const std::optional<std::uint64_t> declared = request.contentLength();
    if (declared && *declared > limitBytes)
        throw tooLarge(limitBytes);
    store_.checkFreeSpace(declared.value_or(0));
    const platform::Fd file(::open(file_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
    if (!file)
        throw Error(ErrorCode::Internal, fmt::format("cannot create {}: {}", file_.string(),
                                                     std::strerror(errno))); // NOLINT(concurrency-mt-unsafe)
    std::vector<char> piece(kPieceBytes);
    std::istream& body = request.bodyStream();
    std::uint64_t received = 0;
    for (std::uint64_t checked = 0; body.good();) {
        body.read(piece.data(), static_cast<std::streamsize>(piece.size()));
        const std::size_t got = static_cast<std::size_t>(body.gcount());
        received += got;
        if (received > limitBytes)
            throw tooLarge(limitBytes);
        writeAll(file.get(), piece.data(), got);
        if (!declared && received - checked >= kSpaceCheckBytes) {
            checked = received;
            store_.checkFreeSpace(kSpaceCheckBytes);
        }
    }
    if (body.bad() || (declared && received != *declared))
        throw Error(ErrorCode::InvalidInput,
                    fmt::format("the upload ended after {} of {} bytes", received,
                                declared ? fmt::format("{}", *declared) : "unknown"),
                    "repeat the upload; bmd stored nothing");
    if (::fsync(file.get()) != 0) // the import may resume after a crash
        throw Error(ErrorCode::Internal, fmt::format("cannot sync {}: {}", file_.string(),
                                                     std::strerror(errno))); // NOLINT(concurrency-mt-unsafe)
    if (received == 0)
        throw Error(ErrorCode::InvalidInput, "the upload is empty");
}

} // namespace bm::api
