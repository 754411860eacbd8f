#pragma once
#include "common/wire/resources/resource_shape.h"

#include <nlohmann/json.hpp>
#include <string>

namespace bm::api {

/// The OpenAPI schema of a field. @param shown the field of an empty record
nlohmann::json fieldSchema(const nlohmann::json& shown, int since, bool create, bool patch);

/// The OpenAPI schema of a resource by the table of its fields.
template <class T> nlohmann::json schemaOf(const wire::ResourceShape<T>& shape)
{
    nlohmann::json properties = nlohmann::json::object();
    const T sample{};
    for (const auto& field : shape.rows()) {
        wire::JsonWriter out;
        if (field.render != nullptr)
            field.render(out, sample, "http://host");
        properties[std::string(field.name)] =
            fieldSchema(field.render == nullptr ? nlohmann::json("") : nlohmann::json::parse(out.text()),
                        field.since, field.create, field.patch);
    }
    return {{"type", "object"}, {"properties", properties}};
}

} // namespace bm::api
