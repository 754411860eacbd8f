#include "common/wire/json/json_writer.h"

#include "common/text/utf8.h"

#include <array>
#include <chrono>
#include <fmt/format.h>

namespace bm::wire {
namespace {

/// The end of the run of characters from @p at on that need no escape.
std::size_t endOfPlain(std::string_view text, std::size_t at)
{
    const auto plain = [](unsigned char c) { return c >= 0x20U && c < 0x7FU && c != '"' && c != '\\'; };
    while (at < text.size() && plain(static_cast<unsigned char>(text[at])))
        ++at;
    return at;
}

void appendEscaped(std::string& out, unsigned char c)
{
    switch (c) {
    case '"':
        out += "\\\"";
        return;
    case '\\':
        out += "\\\\";
        return;
    case '\n':
        out += "\\n";
        return;
    case '\r':
        out += "\\r";
        return;
    case '\t':
        out += "\\t";
        return;
    default:
        break;
    }
    if (c < 0x20U || c == 0x7FU)
        out += fmt::format("\\u{:04x}", static_cast<unsigned>(c));
    else
        out += static_cast<char>(c);
}

} // namespace

void JsonWriter::separate()
{
    if (comma_)
        text_ += ", ";
    comma_ = true;
}

JsonWriter& JsonWriter::beginObject()
{
    separate();
    text_ += '{';
    comma_ = false;
    return *this;
}

JsonWriter& JsonWriter::endObject()
{
    text_ += '}';
    comma_ = true;
    return *this;
}

JsonWriter& JsonWriter::beginArray()
{
    separate();
    text_ += '[';
    comma_ = false;
    return *this;
}

JsonWriter& JsonWriter::endArray()
{
    text_ += ']';
    comma_ = true;
    return *this;
}

JsonWriter& JsonWriter::key(std::string_view name)
{
    if (endOfPlain(name, 0) != name.size()) {
        string(name);
        text_ += ": ";
    } else { // the most frequent case: a member's name
        text_.append(comma_ ? ", \"" : "\"").append(name).append("\": ");
    }
    comma_ = false;
    return *this;
}

JsonWriter& JsonWriter::string(std::string_view text)
{
    separate();
    text_ += '"';
    for (std::size_t at = 0; at < text.size();) {
        const std::size_t end = endOfPlain(text, at);
        text_.append(text, at, end - at);
        if (at = end; at == text.size())
            break;
        const std::size_t length = text::sequenceLength(text, at);
        if (length == 1)
            appendEscaped(text_, static_cast<unsigned char>(text[at]));
        else if (length > 1)
            text_.append(text.substr(at, length));
        else
            text_ += "\xEF\xBF\xBD";
        at += length == 0 ? 1 : length;
    }
    text_ += '"';
    return *this;
}

JsonWriter& JsonWriter::number(std::int64_t value)
{
    separate();
    fmt::format_to(std::back_inserter(text_), "{}", value);
    return *this;
}

JsonWriter& JsonWriter::number(std::uint64_t value)
{
    separate();
    fmt::format_to(std::back_inserter(text_), "{}", value);
    return *this;
}

JsonWriter& JsonWriter::decimal(double value, int decimals)
{
    separate();
    fmt::format_to(std::back_inserter(text_), "{:.{}f}", value, decimals);
    return *this;
}

JsonWriter& JsonWriter::boolean(bool value)
{
    return raw(value ? "true" : "false");
}

JsonWriter& JsonWriter::null()
{
    return raw("null");
}

JsonWriter& JsonWriter::raw(std::string_view json)
{
    separate();
    text_ += json;
    return *this;
}

JsonWriter& JsonWriter::time(model::UtcTime value)
{
    separate();
    text_ += '"';
    text_ += toText(value);
    text_ += '"';
    return *this;
}

std::string toText(model::UtcTime value)
{
    using namespace std::chrono;
    const sys_days day = floor<days>(value);
    const year_month_day date{day};
    const milliseconds inDay = value - day;
    const hh_mm_ss<milliseconds> clock{inDay};
    return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}000+00:00", static_cast<int>(date.year()),
                       static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                       clock.hours().count(), clock.minutes().count(), clock.seconds().count(),
                       clock.subseconds().count());
}

} // namespace bm::wire
