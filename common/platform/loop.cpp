#include "common/platform/loop.h"

#include "common/platform/log.h"

#include <exception>
#include <utility>

namespace bm::platform {

Loop::Loop(std::string name, Pass pass, std::chrono::milliseconds afterFailure)
    : name_(std::move(name)), pass_(std::move(pass)), afterFailure_(afterFailure)
{}

Loop::~Loop()
{
    stop();
}

void Loop::start(Pause first)
{
    if (!thread_.joinable())
        thread_ = std::jthread([this, first](const std::stop_token& stop) { run(stop, first); });
}

void Loop::stop()
{
    thread_ = {};
}

void Loop::wake()
{
    {
        const std::lock_guard lock(mutex_);
        woken_ = true;
    }
    changed_.notify_one();
}

void Loop::run(const std::stop_token& stop, Pause first)
{
    for (Pause pause = first; sleep(stop, pause);)
        pause = passOnce(stop);
}

Loop::Pause Loop::passOnce(const std::stop_token& stop)
{
    try {
        return pass_(stop);
    } catch (const std::exception& failure) {
        logError(name_, "{}", failure.what());
        return Pause::exactly(afterFailure_);
    }
}

bool Loop::sleep(const std::stop_token& stop, Pause pause)
{
    std::unique_lock lock(mutex_);
    const auto begin = std::chrono::steady_clock::now();
    if (pause.least.count() > 0)
        changed_.wait_until(lock, stop, begin + pause.least, [] { return false; });
    if (pause.most == std::chrono::milliseconds::max())
        changed_.wait(lock, stop, [this] { return woken_; });
    else if (pause.most > pause.least)
        changed_.wait_until(lock, stop, begin + pause.most, [this] { return woken_; });
    woken_ = false;
    return !stop.stop_requested();
}

} // namespace bm::platform
