#include "agent/capture/tree_capture.h"

#include "agent/capture/capture_send.h"
#include "agent/capture/captured_system.h"
#include "common/model/error.h"

#include <algorithm>
#include <fmt/format.h>

namespace bm::agent {

namespace {

/// Drops the first bytes and passes on the rest.
class Tail {
public:
    Tail(std::uint64_t skip, images::BlockWriter& writer, StepProgress& progress)
        : skip_(skip), writer_(writer), progress_(progress)
    {}

    void write(std::span<const std::byte> bytes)
    {
        const std::uint64_t skipped = std::min<std::uint64_t>(skip_, bytes.size());
        skip_ -= skipped;
        writer_.write(bytes.subspan(skipped));
        progress_.add(bytes.size() - skipped);
    }

private:
    std::uint64_t skip_;
    images::BlockWriter& writer_;
    StepProgress& progress_;
};

std::vector<wire::CapturedVolume> volumesOf(const CapturedSystem& system)
{
    std::vector<wire::CapturedVolume> out;
    for (const CapturedSystem::Volume& volume : system.volumes())
        out.push_back({volume.mount, std::string(toText(volume.kind))});
    return out;
}

} // namespace

wire::CaptureDiskResult captureTree(const StepContext& context, const std::string& url,
                                    const BlockDevice& device, bool generalise,
                                    const model::Deadline& deadline)
{
    context.progress.message("mounting the system's file systems");
    const CapturedSystem system(device, context.exec, context.log, deadline);
    std::vector<std::string> generalised;
    if (generalise)
        generalised = system.generalise();
    context.progress.message("counting the files");
    TreeArchive archive(system.parts());
    const std::uint64_t bytes = archive.bytes(context.stop);
    context.log.info(
        fmt::format("a tree of {} entries, an archive of {} MiB", archive.entries(), bytes >> 20U));
    const SentImage sent =
        sendCapture(context, url, bytes, [&](std::uint64_t firstBlock, images::BlockWriter& writer) {
            Tail tail(firstBlock * images::kBlockBytes, writer, context.progress);
            archive.write([&tail](std::span<const std::byte> piece) { tail.write(piece); }, context.stop);
        });
    return {.contentId = sent.contentId,
            .imageBytes = bytes,
            .bytesSent = sent.bytesSent,
            .generalised = generalised,
            .entries = archive.entries(),
            .fileSystems = volumesOf(system),
            .leftOut = system.leftOut()};
}

} // namespace bm::agent
