#include "agent/capture/capture_send.h"

#include "agent/capture/capture_upload.h"
#include "common/model/error.h"

#include <algorithm>
#include <fmt/format.h>
#include <thread>

namespace bm::agent {

using model::Error;
using model::ErrorCode;

namespace {

constexpr int kMostThreads = 8; ///< threads that compress; each needs about 4 MiB
constexpr int kTries = 3;

SentImage send(const StepContext& context, const std::string& url, std::uint64_t imageBytes,
               const CaptureReader& read)
{
    CaptureUpload upload(url, context.token, context.log, context.stop);
    const std::uint64_t from = upload.begin(imageBytes);
    if (from > 0)
        context.log.info(fmt::format("the server already has {} MiB", from));
    const std::uint64_t there = from * images::kBlockBytes;
    context.progress.add(there - std::min(context.progress.bytesDone(), there));
    const int threads = std::clamp(static_cast<int>(std::thread::hardware_concurrency()), 1, kMostThreads);
    images::BlockWriter writer(
        [&](const images::BlockEntry& entry, std::span<const std::byte> frame) { upload.put(entry, frame); },
        {.threads = threads});
    read(from, writer);
    writer.finish();
    context.progress.message("the server imports the image");
    std::string contentId = upload.finish();
    return {std::move(contentId), upload.bytesSent()};
}

} // namespace

SentImage sendCapture(const StepContext& context, const std::string& url, std::uint64_t imageBytes,
                      const CaptureReader& read)
{
    context.progress.total(imageBytes);
    context.progress.message("capturing");
    for (int attempt = 1;; ++attempt) {
        try {
            return send(context, url, imageBytes, read);
        } catch (const Error& error) {
            if (error.code() != ErrorCode::Unavailable || attempt == kTries)
                throw;
            context.log.warning(error.message());
        }
    }
}

} // namespace bm::agent
