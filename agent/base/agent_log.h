#pragma once
#include <cstddef>
#include <mutex>
#include <string>
#include <string_view>

namespace bm::agent {

/// The agent's log. Writes lines to stderr (the console) and keeps the last 16 KiB for the next exchange.
/// Thread-safe.
class AgentLog {
public:
    static constexpr std::size_t kTailBytes = std::size_t{16} * 1024;
    void info(std::string_view line);
    void warning(std::string_view line);
    /// The lines since the last drop(), at most kTailBytes.
    std::string tail();
    /// Drops the first @p bytes of tail(), which the server has received.
    void drop(std::size_t bytes);

private:
    void keep(std::string_view line);

    std::mutex mutex_;
    std::string kept_;
    std::size_t lost_ = 0; ///< bytes dropped at the front since the last tail()
};

} // namespace bm::agent
