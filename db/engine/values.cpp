#include "db/engine/values.h"

#include "common/model/error.h"

namespace bm::db {

std::string takeText(Value& value)
{
    auto* text = std::get_if<std::string>(&value);
    if (text == nullptr)
        throw model::Error(model::ErrorCode::Internal, "a text column of the database holds no text");
    return std::move(*text);
}

std::int64_t takeNumber(const Value& value)
{
    const auto* number = std::get_if<std::int64_t>(&value);
    if (number == nullptr)
        throw model::Error(model::ErrorCode::Internal, "a number column of the database holds no number");
    return *number;
}

void refuseText(const std::string& text)
{
    throw model::Error(model::ErrorCode::Internal,
                       "the database holds a value this bmd does not know: " + text,
                       "was it written by a newer bmd?");
}

} // namespace bm::db
