#include "db/engine/values.h"

#include "common/model/error.h"

namespace bm::db {

std::string moveText(Value& value)
{
    auto* text = std::get_if<std::string>(&value);
    if (text == nullptr)
        throw model::Error(model::ErrorCode::Internal, "a text column of the database contains no text");
    return std::move(*text);
}

std::int64_t integerOf(const Value& value)
{
    const auto* number = std::get_if<std::int64_t>(&value);
    if (number == nullptr)
        throw model::Error(model::ErrorCode::Internal, "a number column of the database contains no number");
    return *number;
}

void refuseText(const std::string& text)
{
    throw model::Error(model::ErrorCode::Internal,
                       "the database contains a value that is unknown to this bmd: " + text,
                       "check whether a newer bmd wrote it");
}

} // namespace bm::db
