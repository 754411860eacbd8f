#pragma once
#include "common/model/clock.h"
#include "common/text/json_text.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace bm::wire {

/// Appends JSON to a text and sets the commas: bmd writes answers by it and builds no tree of values
/// (docs/adr/0062). The caller keeps begin and end in balance. Not thread-safe.
class JsonWriter {
public:
    JsonWriter& beginObject();
    JsonWriter& endObject();
    JsonWriter& beginArray();
    JsonWriter& endArray();
    JsonWriter& key(std::string_view name);
    /// @p text as a string; bytes that are no UTF-8 become U+FFFD.
    JsonWriter& string(std::string_view text);
    JsonWriter& number(std::int64_t value);
    JsonWriter& number(std::uint64_t value);
    /// With @p decimals digits after the point.
    JsonWriter& decimal(double value, int decimals = 1);
    JsonWriter& boolean(bool value);
    JsonWriter& null();
    /// JSON as it is.
    JsonWriter& raw(std::string_view json);
    JsonWriter& json(const model::JsonText& value) { return raw(value.text); }
    /// Ironic's form, "2026-11-20T21:30:57.999000+00:00".
    JsonWriter& time(model::UtcTime value);

    /// "" becomes null.
    JsonWriter& stringOrNull(std::string_view text) { return text.empty() ? null() : string(text); }
    JsonWriter& timeOrNull(const std::optional<model::UtcTime>& value)
    {
        return value ? time(*value) : null();
    }

    /// Reserves space for a text of @p bytes, if its length is known in advance.
    JsonWriter& reserve(std::size_t bytes)
    {
        text_.reserve(bytes);
        return *this;
    }
    const std::string& text() const { return text_; }
    std::string take() { return std::move(text_); }

private:
    void separate();
    std::string text_;
    bool comma_ = false;
};

/// "2026-11-20T21:30:57.999000+00:00"
std::string toText(model::UtcTime value);

} // namespace bm::wire
