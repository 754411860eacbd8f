#include "api/own/openapi.h"

#include "api/access/policy.h"
#include "api/resources/field_schema.h"
#include "api/resources/resource_kinds.h"
#include "common/text/lower_case.h"
#include "common/wire/resources/node_fields.h"
#include "common/wire/resources/port_fields.h"

#include <algorithm>
#include <cctype>
#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <optional>

namespace bm::api {

using nlohmann::json;

namespace {

json nodeSchema()
{
    json properties = json::object();
    const model::Node sample;
    const model::InterfaceTable noInterfaces;
    const wire::NodeView view{
        .node = sample, .interfaces = noInterfaces, .base = "http://host", .conductor = "host"};
    for (const wire::NodeField& field : wire::nodeFields()) {
        wire::JsonWriter out;
        field.render(out, view);
        properties[std::string(field.name)] =
            fieldSchema(json::parse(out.text()), field.since, field.create, field.patch);
    }
    return {{"type", "object"}, {"properties", properties}};
}

json schemas()
{
    json all = {
        {"Node", nodeSchema()},
        {"Port", schemaOf(wire::portShape())},
        {"Error",
         {{"type", "object"},
          {"properties",
           {{"error_message",
             {{"type", "string"}, {"description", "JSON as text: faultcode, faultstring, debuginfo"}}},
            {"code", {{"type", "string"}}},
            {"hint", {{"type", "string"}}},
            {"request_id", {{"type", "string"}}}}}}}};
    for (const ResourceKind& kind : resourceKinds())
        all[std::string(kind.schema)] = kind.fields();
    return all;
}

/// The schema of the resource that a path lists or shows.
std::optional<std::string_view> schemaOfPath(std::string_view path)
{
    constexpr std::string_view kIdent = "/{ident}";
    if (path.ends_with(kIdent))
        path.remove_suffix(kIdent.size());
    if (path == "/v1/nodes")
        return "Node";
    if (path == "/v1/ports")
        return "Port";
    const auto kind = std::ranges::find(resourceKinds(), path, &ResourceKind::path);
    return kind == resourceKinds().end() ? std::nullopt : std::optional(kind->schema);
}

json reference(std::string_view schema)
{
    return {{"$ref", fmt::format("#/components/schemas/{}", schema)}};
}

json content(std::string_view schema)
{
    return {{"application/json", {{"schema", reference(schema)}}}};
}

json parametersOf(std::string_view path)
{
    json parameters = json::array();
    for (std::size_t at = path.find('{'); at != std::string_view::npos; at = path.find('{', at + 1)) {
        std::string_view name = path.substr(at + 1, path.find('}', at) - at - 1);
        if (name.ends_with('*'))
            name.remove_suffix(1);
        parameters.push_back(
            {{"name", name}, {"in", "path"}, {"required", true}, {"schema", {{"type", "string"}}}});
    }
    parameters.push_back({{"$ref", "#/components/parameters/Version"}});
    return parameters;
}

http::Method methodOf(std::string method)
{
    std::ranges::transform(method, method.begin(),
                           [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
    return http::methodFromText(method);
}

/// The rule and the least role by scope, without scopes that no role may use.
json policyText(const PolicyRow& row)
{
    json text = {{"rule", row.rule}};
    const auto add = [&](const char* scope, Needs needs) {
        if (needs != Needs::Nobody && row.subject != Subject::Open)
            text[scope] = model::toText(static_cast<model::Role>(needs));
    };
    add("system", row.access.system);
    add("owner", row.access.owner);
    add("lessee", row.access.lessee);
    return text;
}

json operationOf(const std::string& method, const std::string& path)
{
    const std::optional<std::string_view> schema = schemaOfPath(path);
    json operation = {
        {"parameters", parametersOf(path)},
        {"responses", {{"default", {{"description", "error"}, {"content", content("Error")}}}}}};
    json& answers = operation["responses"];
    if (method == "post" && schema) {
        operation["requestBody"] = {{"content", content(*schema)}};
        answers["201"] = {{"description", "made"}, {"content", content(*schema)}};
    } else if (schema && path.ends_with('}') && (method == "get" || method == "patch")) {
        answers["200"] = {{"description", "the resource"}, {"content", content(*schema)}};
    } else {
        answers["2XX"] = {{"description", "done or accepted"}};
    }
    if (const PolicyRow* row = policyOf(methodOf(method), path)) {
        operation["x-policy"] = policyText(*row);
        if (row->subject == Subject::Open)
            operation["security"] = json::array();
    }
    if (method == "patch")
        operation["requestBody"] = {
            {"content",
             {{"application/json", {{"schema", {{"type", "array"}, {"description", "RFC 6902"}}}}}}}};
    return operation;
}

} // namespace

std::string openApiDocument(const std::vector<std::string>& routes)
{
    json paths = json::object();
    for (const std::string& route : routes) {
        const std::size_t blank = route.find(' ');
        const std::string method = model::lowerCase(route.substr(0, blank));
        const std::string path = route.substr(blank + 1);
        paths[path][method] = operationOf(method, path);
    }
    const json version = {{"name", wire::kVersionHeader},
                          {"in", "header"},
                          {"description", "microversion; without it 1.1; \"latest\" is the highest"},
                          {"schema", {{"type", "string"}, {"example", wire::toText(wire::kMaxVersion)}}}};
    const json document = {
        {"openapi", "3.1.0"},
        {"info",
         {{"title", "bm"},
          {"version", wire::toText(wire::kMaxVersion)},
          {"description",
           "Bare-metal provisioning with the REST API of OpenStack Ironic, and bm's own resources."}}},
        {"paths", paths},
        {"security",
         json::array({{{"basic", json::array()}}, {{"bearer", json::array()}}, {{"token", json::array()}}})},
        {"components",
         {{"schemas", schemas()},
          {"parameters", {{"Version", version}}},
          {"securitySchemes",
           {{"basic", {{"type", "http"}, {"scheme", "basic"}}},
            {"bearer", {{"type", "http"}, {"scheme", "bearer"}}},
            {"token", {{"type", "apiKey"}, {"in", "header"}, {"name", "X-Auth-Token"}}}}}}}};
    return document.dump();
}

} // namespace bm::api
