#include "agent/relay/relay.h"

#include "agent/base/proc_file.h"
#include "common/model/error.h"
#include "common/platform/condition.h"

#include <algorithm>
#include <fmt/format.h>
#include <mutex>

namespace bm::agent {

using namespace std::chrono_literals;

namespace {

constexpr std::size_t kLeastCache = std::size_t{16} << 20U;
constexpr std::size_t kMostCache = std::size_t{256} << 20U;

/// The available memory; without the kernel's figure, that of a machine with 512 MiB.
std::size_t availableBytes()
{
    const std::uint64_t bytes = bytesInProcFile("/proc/meminfo", "MemAvailable");
    return bytes != 0 ? bytes : std::size_t{256} << 20U;
}

std::size_t cacheBytes(const RelaySettings& settings)
{
    return settings.cacheBytes != 0 ? settings.cacheBytes
                                    : std::clamp(availableBytes() / 8, kLeastCache, kMostCache);
}

} // namespace

Relay::Relay(const images::Manifest& manifest, RelayCopy& copy, const RelaySettings& settings,
             std::size_t pipelineBytes, AgentLog& log)
    : store_(pipelineBytes + cacheBytes(settings), true, [this] { changes_.wake(); })
{
    try {
        server_ = std::make_unique<RelayServer>(
            manifest, store_, copy, log, changes_,
            RelayServer::Settings{.port = settings.port, .mostChildren = settings.mostChildren});
        log.info(
            fmt::format("relay at port {}, {} MiB of memory", server_->port(), store_.limitBytes() >> 20U));
    } catch (const model::Error& error) {
        log.warning(fmt::format("{}: this node fetches blocks from others and serves none", error.message()));
    }
}

void Relay::restoreFrom(std::unique_ptr<DroppedFrames> frames)
{
    DroppedFrames* const now = frames.get();
    if (server_)
        server_->restoreFrom(now);
    store_.onDrop([now](const StoredFrame& frame) {
        if (now != nullptr)
            now->beforeDrop(frame);
    });
    frames_ = std::move(frames);
}

void Relay::forget()
{
    restoreFrom(nullptr);
}

void Relay::retract(std::size_t block)
{
    if (server_)
        server_->retract(block);
}

void Relay::linger(std::chrono::milliseconds longest, const std::stop_token& stop)
{
    const auto end = std::chrono::steady_clock::now() + longest;
    while (server_ && server_->children() > 0 && !stop.stop_requested() &&
           std::chrono::steady_clock::now() < end)
        platform::pauseFor(50ms, stop);
}

} // namespace bm::agent
