#include "common/http/file_sender.h"

#include "common/platform/log.h"

#include <algorithm>
#include <poll.h>

namespace bm::http {
namespace {

constexpr std::size_t kFilePiece = std::size_t{1024} * 1024; ///< sent to one reader before the next is served
constexpr std::chrono::milliseconds kPollInterval{500};

} // namespace

FileSender::FileSender(const ListenerConfig& config, Connections onIdle, Connections onClose)
    : config_(config), onIdle_(std::move(onIdle)), onClose_(std::move(onClose))
{}

FileSender::~FileSender()
{
    stop();
}

void FileSender::start()
{
    thread_ = std::jthread([this](const std::stop_token& stop) { run(stop); });
}

void FileSender::stop()
{
    if (!thread_.joinable())
        return;
    thread_.request_stop();
    poller_.wake();
    thread_.join();
    takeNew();
    while (!jobs_.empty())
        end(jobs_.begin()->first);
}

void FileSender::add(std::unique_ptr<Connection> connection, PendingAnswer file)
{
    const Pace pace(config_.minSendBytesPerSecond, config_.stallWindow);
    fresh_.lock()->push_back(
        {std::move(connection), std::move(file), pace, std::chrono::steady_clock::now()});
    poller_.wake();
}

void FileSender::run(const std::stop_token& stop)
{
    while (!stop.stop_requested()) {
        const auto span = std::min(kPollInterval, config_.stallWindow);
        poller_.wait(jobs_.empty() ? std::chrono::seconds{60} : span, [this](int fd) { serve(fd); });
        takeNew();
        dropSlow();
    }
}

void FileSender::takeNew()
{
    std::vector<Job> fresh;
    fresh_.lock()->swap(fresh);
    for (Job& job : fresh) {
        const int fd = job.connection->fd();
        jobs_.emplace(fd, std::move(job));
        poller_.watch(fd, POLLOUT);
    }
}

void FileSender::serve(int fd)
{
    const auto found = jobs_.find(fd);
    if (found == jobs_.end())
        return;
    if (!advance(found->second))
        end(fd);
    else
        poller_.watch(fd, found->second.connection->wants());
}

/// One piece. @return true if there is more to do
bool FileSender::advance(Job& job)
{
    PendingAnswer& file = job.file;
    const std::size_t written =
        job.connection->writeSome(std::string_view(file.bytes).substr(file.bytesSent));
    job.pace.moved(written);
    file.bytesSent += written;
    if (file.bytesSent < file.bytes.size())
        return !job.connection->broken;
    std::size_t turn = kFilePiece;
    while (file.left != 0 && turn != 0) {
        const std::size_t count = static_cast<std::size_t>(std::min<std::uint64_t>(file.left, turn));
        const IoResult result = job.connection->sendFrom(file.file.get(), file.offset, count);
        if (result.io == Io::Again)
            return true;
        if (result.io == Io::Closed) {
            job.connection->broken = true;
            return false;
        }
        job.pace.moved(result.count);
        file.offset += result.count;
        file.left -= result.count;
        file.sent += result.count;
        turn -= std::min(turn, result.count);
    }
    return file.left != 0;
}

void FileSender::dropSlow()
{
    const auto now = std::chrono::steady_clock::now();
    std::vector<int> slow;
    for (auto& [fd, job] : jobs_) {
        job.pace.waited(std::chrono::duration_cast<std::chrono::microseconds>(now - job.seenAt));
        job.seenAt = now;
        if (job.pace.left().count() <= 0)
            slow.push_back(fd);
    }
    for (const int fd : slow) {
        platform::logInfo("http", "{} reads an answer slower than {} bytes/s: dropped",
                          jobs_.at(fd).connection->peer(), config_.minSendBytesPerSecond);
        end(fd);
    }
}

void FileSender::end(int fd)
{
    poller_.forget(fd);
    Job job = std::move(jobs_.extract(fd).mapped());
    const bool whole = job.file.content && job.file.left == 0 && !job.connection->broken;
    if (job.file.onDone) {
        try {
            job.file.onDone(job.file.sent, whole);
        } catch (const std::exception& error) {
            platform::logError("http", "after sending a file: {}", error.what());
        }
    }
    if (job.file.left != 0 || job.file.bytesSent < job.file.bytes.size() || job.connection->broken)
        return; // closes the connection: the reader sees that the answer is incomplete
    if (job.file.keepAlive)
        onIdle_(std::move(job.connection));
    else
        onClose_(std::move(job.connection));
}

} // namespace bm::http
