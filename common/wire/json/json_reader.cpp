#include "common/wire/json/json_reader.h"

#include "common/wire/json/json_input.h"

#include <fmt/format.h>

namespace bm::wire {

using model::Error;
using model::ErrorCode;
using nlohmann::json;

namespace {

const json& nullValue()
{
    static const json value;
    return value;
}

const json& emptyObject()
{
    static const json value = json::object();
    return value;
}

} // namespace

json parseObject(std::string_view text, std::string_view what)
{
    json value = json::parse(text, nullptr, false);
    if (value.is_discarded())
        throw Error(ErrorCode::InvalidInput, fmt::format("{}: not JSON", what));
    if (!value.is_object())
        throw Error(ErrorCode::InvalidInput,
                    fmt::format("{}: expected an object, found {}", what, value.type_name()));
    return value;
}

JsonReader::JsonReader(const json& object, std::string path) : object_(&object), path_(std::move(path))
{
    if (!object.is_object())
        throw Error(ErrorCode::InvalidInput,
                    fmt::format("{}: expected an object, found {}", path_, object.type_name()));
}

void JsonReader::refuse(const char* name, std::string_view expected) const
{
    throw Error(ErrorCode::InvalidInput,
                fmt::format("{}.{}: expected {}, found {}", path_, name, expected, value(name).type_name()));
}

const json& JsonReader::value(const char* name) const
{
    const auto found = object_->find(name);
    return found == object_->end() ? nullValue() : *found;
}

bool JsonReader::has(const char* name) const
{
    return !value(name).is_null();
}

std::string JsonReader::text(const char* name, std::string otherwise) const
{
    const json& found = value(name);
    if (found.is_null())
        return otherwise;
    if (!found.is_string())
        refuse(name, "a text");
    return found.get<std::string>();
}

std::uint64_t JsonReader::number(const char* name, std::uint64_t otherwise, std::uint64_t most) const
{
    const json& found = value(name);
    return found.is_null() ? otherwise : asCount(found, path_ + "." + name, most);
}

bool JsonReader::flag(const char* name, bool otherwise) const
{
    const json& found = value(name);
    if (found.is_null())
        return otherwise;
    if (!found.is_boolean())
        refuse(name, "true or false");
    return found.get<bool>();
}

JsonReader JsonReader::object(const char* name) const
{
    return {has(name) ? value(name) : emptyObject(), path_ + "." + name};
}

} // namespace bm::wire
