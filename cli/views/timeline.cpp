#include "cli/views/timeline.h"

#include "common/model/event_kinds.h"
#include "common/text/printable.h"

#include <chrono>
#include <cmath>
#include <cstdio>
#include <fmt/format.h>

namespace bm::cli {

using nlohmann::json;

namespace {

std::string timeOfDay(std::int64_t millis)
{
    const std::int64_t day = millis / 1000 % 86'400;
    return fmt::format("{:02}:{:02}:{:02}.{:03}", day / 3600, day / 60 % 60, day % 60, millis % 1000);
}

struct Line {
    std::int64_t at = 0;
    std::string kind;
    std::string message;
    int times = 1;
};

std::string render(const Line& line, std::int64_t begin)
{
    std::string text =
        fmt::format("{} {:>+9.1f} s  {:<20} {}", timeOfDay(line.at),
                    static_cast<double>(line.at - begin) / 1000.0, line.kind, text::printable(line.message));
    if (line.times > 1)
        text += fmt::format(" ({} times)", line.times);
    return text.substr(0, text.find_last_not_of(' ') + 1) + "\n";
}

} // namespace

std::int64_t millisOf(const std::string& time)
{
    int year = 0;
    unsigned month = 0;
    unsigned day = 0;
    int hour = 0;
    int minute = 0;
    double second = 0;
    if (std::sscanf(time.c_str(), "%d-%u-%uT%d:%d:%lf", &year, &month, &day, &hour, &minute, &second) != 6)
        return 0;
    const std::chrono::sys_days date{std::chrono::year{year} / std::chrono::month{month} /
                                     std::chrono::day{day}};
    return std::chrono::duration_cast<std::chrono::milliseconds>(date.time_since_epoch()).count() +
           (hour * 3600LL + minute * 60LL) * 1000 + std::llround(second * 1000.0);
}

std::string renderTimeline(const json& events)
{
    std::string text;
    std::int64_t begin = 0;
    std::string date;
    Line pending;
    bool held = false;
    const auto flush = [&] {
        if (held)
            text += render(pending, begin);
        held = false;
    };
    for (const json& event : events) {
        Line line{millisOf(event.value("at", "")), event.value("kind", ""), event.value("message", ""), 1};
        if (const std::string today = event.value("at", "").substr(0, 10); today != date) {
            flush();
            text += (date.empty() ? "" : "\n") + today + " (UTC)\n";
            date = today;
        }
        if (line.kind == model::toText(model::EventKind::OperationQueued) || begin == 0) {
            flush();
            begin = line.at;
        }
        if (held && pending.kind == line.kind && pending.message == line.message) {
            pending.times += 1;
            continue;
        }
        flush();
        pending = line;
        held = true;
    }
    flush();
    return text.empty() ? "no events of this node yet\n" : text;
}

} // namespace bm::cli
