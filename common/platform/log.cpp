#include "common/platform/log.h"

#include "common/platform/files.h"
#include "common/platform/guarded.h"
#include "common/text/printable.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <ctime>
#include <deque>
#include <fcntl.h>
#include <poll.h>
#include <unistd.h>
#include <utility>

namespace bm::platform {
namespace {

std::atomic<LogLevel> smallestLevel{LogLevel::Info};
std::atomic<bool> asJson{false};
constexpr std::size_t kMessageKept = 2'048;

std::string timeText(model::UtcTime at)
{
    const std::int64_t millis = model::toMillis(at);
    const std::time_t seconds = static_cast<std::time_t>(millis / 1000);
    std::tm parts{};
    ::gmtime_r(&seconds, &parts);
    return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}Z", parts.tm_year + 1900, parts.tm_mon + 1,
                       parts.tm_mday, parts.tm_hour, parts.tm_min, parts.tm_sec, millis % 1000);
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

/// The latest lines, oldest first.
struct Ring {
    std::deque<LogEntry> entries{};
    std::uint64_t last = 0;
};

Guarded<Ring>& ring()
{
    static auto& lines = *new Guarded<Ring>; // lives as long as the process: destructors log, too
    return lines;
}

LogContext& currentContext()
{
    static thread_local LogContext context;
    return context;
}

void keep(LogLevel level, std::string_view area, std::string_view message, model::UtcTime at)
{
    LogEntry entry{
        0, at, level, std::string(area), std::string(message.substr(0, kMessageKept)), currentContext()};
    auto lines = ring().lock();
    entry.sequence = ++lines->last;
    lines->entries.push_back(std::move(entry));
    if (lines->entries.size() > kLogLinesKept)
        lines->entries.pop_front();
}

constexpr int kConsoleWaitMillis = 50;

bool becomesWritable(int fd)
{
    pollfd waiting{fd, POLLOUT, 0};
    return ::poll(&waiting, 1, kConsoleWaitMillis) > 0;
}

bool matches(const LogEntry& entry, const LogFilter& filter)
{
    const auto is = [](const std::string& wanted, const std::string& has) {
        return wanted.empty() || wanted == has;
    };
    return entry.sequence > filter.after && entry.level >= filter.level && is(filter.area, entry.area) &&
           is(filter.requestId, entry.context.requestId) && is(filter.operation, entry.context.operation) &&
           (filter.nodes.empty() ||
            (!entry.context.node.empty() &&
             std::find(filter.nodes.begin(), filter.nodes.end(), entry.context.node) != filter.nodes.end()));
}

std::string jsonLine(LogLevel level, std::string_view area, std::string_view message, model::UtcTime at)
{
    std::string line = fmt::format(R"({{"ts":"{}","level":"{}","area":{},"message":{})", timeText(at),
                                   toText(level), jsonString(area), jsonString(message));
    const LogContext& context = currentContext();
    for (const auto& [name, value] :
         {std::pair<std::string_view, const std::string&>{"request_id", context.requestId},
          {"node", context.node},
          {"operation", context.operation}})
        if (!value.empty())
            line += fmt::format(",\"{}\":{}", name, jsonString(value));
    return line + "}\n";
}

} // namespace

std::string_view toText(LogLevel level) noexcept
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

std::optional<LogLevel> logLevelFromText(std::string_view text) noexcept
{
    for (const LogLevel level : {LogLevel::Debug, LogLevel::Info, LogLevel::Warning, LogLevel::Error})
        if (std::equal(text.begin(), text.end(), toText(level).begin(), toText(level).end(),
                       [](char a, char b) { return a == b || a == b - 'A' + 'a'; }))
            return level;
    return std::nullopt;
}

LogScope::LogScope(const LogContext& context) : outer_(currentContext())
{
    LogContext& current = currentContext();
    if (!context.requestId.empty())
        current.requestId = context.requestId;
    if (!context.node.empty())
        current.node = context.node;
    if (!context.operation.empty())
        current.operation = context.operation;
}

LogScope::~LogScope()
{
    currentContext() = std::move(outer_);
}

std::vector<LogEntry> recentLog(const LogFilter& filter, std::size_t limit, bool latest)
{
    std::vector<LogEntry> found;
    const auto lines = ring().lock();
    if (latest) {
        for (auto entry = lines->entries.rbegin(); entry != lines->entries.rend() && found.size() < limit;
             ++entry)
            if (matches(*entry, filter))
                found.push_back(*entry);
        std::reverse(found.begin(), found.end());
    } else {
        for (auto entry = lines->entries.begin(); entry != lines->entries.end() && found.size() < limit;
             ++entry)
            if (matches(*entry, filter))
                found.push_back(*entry);
    }
    return found;
}

void setLogLevel(LogLevel level)
{
    smallestLevel = level;
}
void setLogJson(bool json)
{
    asJson = json;
}

void neverWaitForConsole()
{
    if (::isatty(STDERR_FILENO) != 1)
        return;
    const Fd own(::open("/proc/self/fd/2", O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC));
    if (own)
        ::dup2(own.get(), STDERR_FILENO); // the flag belongs to this program's opening alone
}

void logLine(LogLevel level, std::string_view area, std::string_view message)
{
    const LogLevel shown = smallestLevel.load(std::memory_order_relaxed);
    if (level < shown && level < LogLevel::Info)
        return;
    const model::UtcTime now = model::SystemClock().now();
    keep(level, area, message, now);
    if (level < shown)
        return;
    const std::string line =
        asJson ? jsonLine(level, area, message, now)
               : fmt::format("{} {} {} {}\n", timeText(now), toText(level), area, text::printable(message));
    std::string_view rest = line; // one write(2), so that lines of several threads do not mix
    while (!rest.empty()) {
        const ssize_t count = ::write(STDERR_FILENO, rest.data(), rest.size());
        if (count < 0 && errno == EAGAIN && !becomesWritable(STDERR_FILENO))
            return; // a console that takes no text
        if (count < 0 && errno != EINTR && errno != EAGAIN)
            return;
        if (count > 0)
            rest.remove_prefix(static_cast<std::size_t>(count));
    }
}

} // namespace bm::platform
