#include "common/http/stream_sender.h"

#include "common/platform/log.h"

#include <algorithm>
#include <array>
#include <poll.h>

namespace bm::http {
namespace {

constexpr std::chrono::milliseconds kRateCheckInterval{500};
constexpr std::size_t kMaxHeard = std::size_t{64} * 1024;
constexpr std::size_t kStreamPiece = std::size_t{64} * 1024; ///< sent to one client before the next is served

std::chrono::steady_clock::time_point steadyNow()
{
    return std::chrono::steady_clock::now();
}

} // namespace

StreamSender::StreamSender(Connections onClose) : onClose_(std::move(onClose)) {}

StreamSender::~StreamSender()
{
    stop();
}

void StreamSender::start()
{
    thread_ = std::jthread([this](const std::stop_token& stop) { run(stop); });
}

void StreamSender::stop()
{
    if (!thread_.joinable())
        return;
    thread_.request_stop();
    poller_.wake();
    thread_.join();
    takeNew();
    while (!jobs_.empty()) {
        Job& job = jobs_.begin()->second;
        job.stream->close();
        end(jobs_.begin()->first, advance(job) == After::Finished);
    }
}

void StreamSender::add(std::unique_ptr<Connection> connection, const EventStreamPtr& stream)
{
    if (connection->broken) {
        stream->detach();
        stream->settings_.onChange();
        return;
    }
    ++count_;
    const Time time = steadyNow();
    const int fd = connection->fd();
    {
        auto fresh = fresh_.lock();
        fresh->jobs.push_back({std::move(connection), stream, time});
        fresh->dirty.push_back(fd);
    }
    stream->attach([this, fd] {
        fresh_.lock()->dirty.push_back(fd);
        poller_.wake();
    });
    poller_.wake();
}

void StreamSender::run(const std::stop_token& stop)
{
    Time checked = steadyNow();
    while (!stop.stop_requested()) {
        poller_.wait(jobs_.empty() ? std::chrono::seconds{60} : kRateCheckInterval,
                     [this](int fd) { serve(fd); });
        takeNew();
        if (steadyNow() - checked >= kRateCheckInterval) {
            checkAll();
            checked = steadyNow();
        }
    }
}

void StreamSender::takeNew()
{
    Fresh fresh;
    std::swap(*fresh_.lock(), fresh);
    for (Job& job : fresh.jobs) {
        const int fd = job.connection->fd();
        jobs_.emplace(fd, std::move(job));
    }
    std::sort(fresh.dirty.begin(), fresh.dirty.end());
    fresh.dirty.erase(std::unique(fresh.dirty.begin(), fresh.dirty.end()), fresh.dirty.end());
    for (const int fd : fresh.dirty)
        serve(fd);
}

void StreamSender::serve(int fd)
{
    const auto found = jobs_.find(fd);
    if (found == jobs_.end())
        return;
    Job& job = found->second;
    const After after = listens(job) ? advance(job) : After::Gone;
    if (after == After::GoOn)
        poller_.watch(fd, static_cast<short>(POLLIN | (job.waiting ? job.connection->wants() : 0)));
    else
        end(fd, after == After::Finished);
}

/// True if the client is still connected. Discards its bytes: the answer to its request is not finished.
bool StreamSender::listens(Job& job) const
{
    std::array<char, 4096> piece{};
    for (;;) {
        const IoResult result = job.connection->read(piece);
        if (result.io != Io::Done)
            return result.io == Io::Again;
        job.heard += result.count;
        if (job.heard > kMaxHeard)
            return false;
    }
}

StreamSender::After StreamSender::advance(Job& job)
{
    EventStream& stream = *job.stream;
    After after = After::GoOn;
    bool room = false;
    {
        const std::lock_guard lock(stream.mutex_);
        after = flush(job);
        room = stream.refused_ && stream.buffer_.size() <= stream.settings_.bufferBytes / 2;
        if (room)
            stream.refused_ = false;
    }
    if (room)
        stream.settings_.onChange();
    return after;
}

/// Sends as much of the buffer as the socket takes. The caller holds the stream's lock.
StreamSender::After StreamSender::flush(Job& job)
{
    std::string& buffer = job.stream->buffer_;
    std::size_t sent = 0;
    while (sent < buffer.size()) {
        const IoResult result = job.connection->write(
            std::string_view(buffer).substr(sent, std::min(kStreamPiece, buffer.size() - sent)));
        if (result.io == Io::Closed)
            return After::Gone;
        if (result.io == Io::Again)
            break;
        sent += result.count;
    }
    const bool all = sent == buffer.size();
    if (sent != 0 || (!all && !job.waiting))
        job.movedAt = steadyNow();
    job.waiting = !all;
    buffer.erase(0, sent);
    return all && job.stream->closed_ ? After::Finished : After::GoOn;
}

/// Sends heartbeats on idle streams and ends streams of stalled clients.
void StreamSender::checkAll()
{
    const Time time = steadyNow();
    std::vector<int> late;
    for (auto& [fd, job] : jobs_) {
        const StreamSettings& settings = job.stream->settings_;
        if (job.stream.use_count() == 1)
            job.stream->close(); // its owner is gone
        if (job.waiting && time - job.movedAt >= settings.stallLimit)
            late.push_back(fd);
        else if (!job.waiting && time - job.movedAt >= settings.heartbeatEvery)
            job.stream->write(settings.heartbeat); // marks the stream; the next round sends it
    }
    for (const int fd : late) {
        platform::logInfo("http", "{} does not read its event stream: dropped",
                          jobs_.at(fd).connection->peer());
        end(fd, false);
    }
}

void StreamSender::end(int fd, bool whole)
{
    poller_.forget(fd);
    Job job = std::move(jobs_.extract(fd).mapped());
    job.stream->detach();
    job.stream->settings_.onChange();
    --count_; // last: when the count falls, the stream is closed and its owner notified
    if (whole)
        onClose_(std::move(job.connection));
}

} // namespace bm::http
