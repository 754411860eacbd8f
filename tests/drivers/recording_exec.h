#pragma once
#include "common/platform/exec.h"

#include <algorithm>
#include <chrono>
#include <functional>
#include <mutex>
#include <string>
#include <vector>

namespace bm::test {

/// An Exec that records each command and answers with @p answer, or runs it. Thread-safe.
class RecordingExec final : public platform::Exec {
public:
    using Answer = std::function<platform::Exit(const platform::Command&, const model::Deadline&)>;
    struct Call {
        platform::Command command;
        std::chrono::steady_clock::time_point began;
        std::chrono::steady_clock::time_point ended;
    };

    explicit RecordingExec(Answer answer) : answer_(std::move(answer)) {}

    platform::Exit run(const platform::Command& command, const model::Deadline& deadline) override
    {
        const auto began = std::chrono::steady_clock::now();
        const platform::Exit exit = answer_(command, deadline);
        const std::lock_guard lock(mutex_);
        calls_.push_back({command, began, std::chrono::steady_clock::now()});
        return exit;
    }
    std::vector<Call> calls()
    {
        const std::lock_guard lock(mutex_);
        return calls_;
    }

private:
    Answer answer_;
    std::mutex mutex_;
    std::vector<Call> calls_;
};

inline platform::Exit exitOf(int code, std::string out, std::string err = {})
{
    platform::Exit exit;
    exit.code = code;
    exit.out = std::move(out);
    exit.err = std::move(err);
    return exit;
}

/// The value after @p option; "" when the option is missing.
inline std::string optionOf(const platform::Command& command, const std::string& option)
{
    const auto found = std::find(command.argv.begin(), command.argv.end(), option);
    return found == command.argv.end() || found + 1 == command.argv.end() ? "" : *(found + 1);
}

} // namespace bm::test
