#include "api/resources/field_schema.h"

namespace bm::api {

using nlohmann::json;

namespace {

/// The type of a field's sample value. null only means that the field is nullable.
json typeOf(const json& shown)
{
    switch (shown.type()) {
    case json::value_t::boolean:
        return {{"type", "boolean"}};
    case json::value_t::number_integer:
    case json::value_t::number_unsigned:
        return {{"type", "integer"}};
    case json::value_t::number_float:
        return {{"type", "number"}};
    case json::value_t::array:
        return {{"type", "array"}, {"items", json::object()}};
    case json::value_t::object:
        return {{"type", "object"}};
    case json::value_t::string:
        return {{"type", "string"}};
    default:
        return {{"type", json::array({"string", "null"})}};
    }
}

} // namespace

json fieldSchema(const json& shown, int since, bool create, bool patch)
{
    json schema = typeOf(shown);
    schema["x-since"] = wire::toText({since});
    if (!create && !patch)
        schema["readOnly"] = true;
    schema["x-create"] = create;
    schema["x-patch"] = patch;
    return schema;
}

} // namespace bm::api
