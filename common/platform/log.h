#pragma once
#include "common/model/clock.h"

#include <fmt/format.h>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace bm::platform {

enum class LogLevel { Debug, Info, Warning, Error };
std::string_view toText(LogLevel level) noexcept;                         ///< "WARNING"
std::optional<LogLevel> logLevelFromText(std::string_view text) noexcept; ///< either case

/// The subjects of this thread's lines; "" where unknown.
struct LogContext {
    std::string requestId{}; ///< "req-<uuid>"
    std::string node{};      ///< its name, else its uuid
    std::string operation{}; ///< uuid
};

/// Sets the thread's LogContext until the end of the scope; empty members of @p context keep their value.
class LogScope {
public:
    explicit LogScope(const LogContext& context);
    ~LogScope();
    LogScope(const LogScope&) = delete;
    LogScope& operator=(const LogScope&) = delete;

private:
    LogContext outer_;
};

/// Writes a line to stderr (for journald), as text "2026-01-02T03:04:05.678Z INFO area message" or as one
/// JSON object: ts, level, area, message, and request_id, node, operation where known. Thread-safe.
void setLogLevel(LogLevel level);
void setLogJson(bool json);
void logLine(LogLevel level, std::string_view area, std::string_view message);
/// If stderr is a terminal, logLine() drops text that the terminal does not take within 50 ms, from this call
/// on. Without the call, a serial console that is stopped by flow control stops the program.
void neverWaitForConsole();

/// A line that the log holds in memory.
struct LogEntry {
    std::uint64_t sequence = 0; ///< from 1, rising
    model::UtcTime at{};
    LogLevel level = LogLevel::Info;
    std::string area{};
    std::string message{}; ///< cut off after 2 KiB
    LogContext context{};
};
struct LogFilter {
    std::uint64_t after = 0;
    LogLevel level = LogLevel::Debug; ///< this one and above
    std::vector<std::string> nodes{}; ///< any of these names; empty: all
    std::string area{};               ///< "": all, as below
    std::string requestId{};
    std::string operation{};
};
inline constexpr std::size_t kLogLinesKept = 5'000;
/// The matching ones of the last kLogLinesKept lines (info and above, and debug where the log shows it): the
/// first @p limit, or the last ones. Oldest first.
std::vector<LogEntry> recentLog(const LogFilter& filter, std::size_t limit, bool latest);

template <class... Args>
void logInfo(std::string_view area, fmt::format_string<Args...> format, Args&&... args)
{
    logLine(LogLevel::Info, area, fmt::format(format, std::forward<Args>(args)...));
}
template <class... Args>
void logWarning(std::string_view area, fmt::format_string<Args...> format, Args&&... args)
{
    logLine(LogLevel::Warning, area, fmt::format(format, std::forward<Args>(args)...));
}
template <class... Args>
void logError(std::string_view area, fmt::format_string<Args...> format, Args&&... args)
{
    logLine(LogLevel::Error, area, fmt::format(format, std::forward<Args>(args)...));
}
template <class... Args>
void logDebug(std::string_view area, fmt::format_string<Args...> format, Args&&... args)
{
    logLine(LogLevel::Debug, area, fmt::format(format, std::forward<Args>(args)...));
}

} // namespace bm::platform
