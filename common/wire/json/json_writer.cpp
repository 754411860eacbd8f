#include "common/wire/json/json_writer.h"

#include <array>
#include <chrono>
#include <fmt/format.h>

namespace bm::wire {
namespace {

/// Bytes of the UTF-8 sequence that begins with @p lead, 0 when none does.
constexpr std::size_t lengthByLead(unsigned char lead)
{
    if (lead < 0x80U)
        return 1;
    if (lead < 0xC2U || lead > 0xF4U)
        return 0;
    return lead < 0xE0U ? 2 : lead < 0xF0U ? 3 : 4;
}

/// Length of the UTF-8 sequence at @p at (RFC 3629), 0 when it is none.
std::size_t sequenceLength(std::string_view text, std::size_t at)
{
    const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
    const unsigned char lead = byte(at);
    const std::size_t length = lengthByLead(lead);
    if (length == 0 || at + length > text.size())
        return 0;
    for (std::size_t i = 1; i < length; ++i)
        if ((byte(at + i) & 0xC0U) != 0x80U)
            return 0;
    const unsigned char second = length > 1 ? byte(at + 1) : 0;
    const bool bad = (lead == 0xE0U && second < 0xA0U) || (lead == 0xEDU && second > 0x9FU) ||
                     (lead == 0xF0U && second < 0x90U) || (lead == 0xF4U && second > 0x8FU);
    return bad ? 0 : length;
}

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
        const std::size_t length = sequenceLength(text, at);
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
