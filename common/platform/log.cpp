#include "common/platform/log.h"

#include "common/model/clock.h"

#include <array>
#include <atomic>
#include <cerrno>
#include <ctime>
#include <unistd.h>

namespace bm::platform {
namespace {

std::atomic<LogLevel> smallestLevel{LogLevel::Info};
std::atomic<bool> asJson{false};

std::string_view toText(LogLevel level)
{
    switch (level) {
    case LogLevel::Debug:
        return "DEBUG";
    case LogLevel::Info:
        return "INFO";
    case LogLevel::Warning:
        return "WARNING";
    case LogLevel::Error:
        return "ERROR";
    }
    return "?";
}

std::string nowText()
{
    const std::int64_t millis = model::toMillis(model::SystemClock().now());
    const std::time_t seconds = static_cast<std::time_t>(millis / 1000);
    std::tm parts{};
    ::gmtime_r(&seconds, &parts);
    return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}Z", parts.tm_year + 1900, parts.tm_mon + 1,
                       parts.tm_mday, parts.tm_hour, parts.tm_min, parts.tm_sec, millis % 1000);
}

/// A message is one line whatever a peer sent: control characters become escapes.
std::string oneLine(std::string_view text)
{
    std::string line;
    for (const char c : text) {
        const unsigned char byte = static_cast<unsigned char>(c);
        if (c == '\n')
            line += "\\n";
        else if (byte < 0x20 || byte == 0x7f)
            line += fmt::format("\\x{:02x}", byte);
        else
            line += c;
    }
    return line;
}

std::string jsonString(std::string_view text)
{
    std::string quoted = "\"";
    for (const char c : text) {
        const unsigned char byte = static_cast<unsigned char>(c);
        if (c == '"' || c == '\\')
            quoted += '\\', quoted += c;
        else if (c == '\n')
            quoted += "\\n";
        else if (byte < 0x20 || byte == 0x7f)
            quoted += fmt::format("\\u{:04x}", byte);
        else
            quoted += c;
    }
    return quoted + '"';
}

} // namespace

void setLogLevel(LogLevel level)
{
    smallestLevel = level;
}
void setLogJson(bool json)
{
    asJson = json;
}

void logLine(LogLevel level, std::string_view area, std::string_view message)
{
    if (level < smallestLevel.load(std::memory_order_relaxed))
        return;
    const std::string line =
        asJson ? fmt::format("{{\"time\":\"{}\",\"level\":\"{}\",\"area\":{},\"message\":{}}}\n", nowText(),
                             toText(level), jsonString(area), jsonString(message))
               : fmt::format("{} {} {} {}\n", nowText(), toText(level), area, oneLine(message));
    std::string_view rest = line; // one write: lines of several threads do not mix
    while (!rest.empty()) {
        const ssize_t count = ::write(STDERR_FILENO, rest.data(), rest.size());
        if (count < 0 && errno != EINTR)
            return;
        if (count > 0)
            rest.remove_prefix(static_cast<std::size_t>(count));
    }
}

} // namespace bm::platform
