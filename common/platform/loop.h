#pragma once
#include "common/platform/condition.h"

#include <chrono>
#include <functional>
#include <mutex>
#include <stop_token>
#include <string>
#include <thread>

namespace bm::platform {

/// A thread that calls a function again and again, pauses in between and can be woken.
class Loop {
public:
    /// How long the thread sleeps before the next pass.
    struct Pause {
        std::chrono::milliseconds least{0}; ///< wake() does not shorten this part; stop() does
        std::chrono::milliseconds most{0};  ///< wake() ends the pause between least and most

        /// Next pass after @p period, or at once when woken.
        static constexpr Pause upTo(std::chrono::milliseconds period) { return {{}, period}; }
        /// Next pass after @p length; a wake in between changes nothing.
        static constexpr Pause exactly(std::chrono::milliseconds length) { return {length, length}; }
        /// Next pass when woken, but not before @p minPause is over, so that many wakes cost one pass.
        static constexpr Pause untilWoken(std::chrono::milliseconds minPause = {})
        {
            return {minPause, std::chrono::milliseconds::max()};
        }
    };
    /// One pass; returns the pause after it. Long passes ask the stop token.
    using Pass = std::function<Pause(const std::stop_token& stop)>;

    /// @param name   in log lines: "NAME: message of the exception"
    /// @param pass   called on the loop's thread. An exception is logged as an error; the next pass follows
    ///               after @p afterFailure.
    Loop(std::string name, Pass pass, std::chrono::milliseconds afterFailure = std::chrono::seconds{1});
    /// Stops.
    ~Loop();
    Loop(const Loop&) = delete;
    Loop& operator=(const Loop&) = delete;

    /// Starts the thread; its first pass comes after @p first. Does nothing while the thread runs. The owner
    /// calls start() and stop(), one at a time.
    void start(Pause first);
    void start() { start(Pause{}); }
    /// Asks the running pass to stop and waits for the thread's end. May be repeated; start() may follow.
    void stop();
    /// Asks the running pass to stop and does not wait: before stop(), where several loops end together.
    void requestStop() { thread_.request_stop(); }
    /// Ends the pause, or shortens the next one when a pass is running. Any thread, at any time.
    void wake();

private:
    void run(const std::stop_token& stop, Pause first);
    Pause passOnce(const std::stop_token& stop);
    /// @return false: stop
    bool sleep(const std::stop_token& stop, Pause pause);

    std::string name_;
    Pass pass_;
    std::chrono::milliseconds afterFailure_;
    std::mutex mutex_{};
    Condition changed_{};
    bool woken_ = false;
    std::jthread thread_{}; ///< last: it uses all above
};

} // namespace bm::platform
