#pragma once
#include <cstddef>
#include <mutex>
#include <string>
#include <string_view>

namespace bm::agent {

/// What happens, for people: lines to stderr (the console) and the last 16 KiB kept for the next exchange.
/// Thread-safe.
class AgentLog {
public:
    static constexpr std::size_t kTailBytes = std::size_t{16} * 1024;
    void info(std::string_view line);
    void warning(std::string_view line);
    /// What was kept since drop() was last called; at most kTailBytes.
    std::string tail();
    /// Forgets the first @p bytes of tail(): they arrived.
    void drop(std::size_t bytes);

private:
    void keep(std::string_view line);

    std::mutex mutex_;
    std::string kept_;
    std::size_t lost_ = 0; ///< bytes that fell out at the front since tail() was taken
};

} // namespace bm::agent
