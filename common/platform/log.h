#pragma once
#include <fmt/format.h>
#include <string>
#include <string_view>

namespace bm::platform {

enum class LogLevel { Debug, Info, Warning, Error };

/// Lines to stderr (journald takes them), as text "2026-01-02T03:04:05.678Z INFO area message" or as JSON.
/// Thread-safe.
void setLogLevel(LogLevel level);
void setLogJson(bool json);
void logLine(LogLevel level, std::string_view area, std::string_view message);

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
