#include "api/ironic/query_filter.h"

#include "api/access/policy.h"
#include "api/core/request_values.h"
#include "api/resources/resource_kinds.h"
#include "common/model/error.h"
#include "common/model/ids.h"
#include "common/model/mac_address.h"
#include "common/text/names.h"
#include "common/text/text.h"

#include <algorithm>
#include <array>
#include <fmt/format.h>
#include <map>
#include <optional>

namespace bm::api {

using http::Request;
using model::Error;
using model::ErrorCode;

namespace {

constexpr std::string_view kPortList =
    "address node node_uuid portgroup shard fields detail limit marker sort_key sort_dir";
constexpr std::string_view kPortDetail =
    "address node node_uuid portgroup shard limit marker sort_key sort_dir";
constexpr std::string_view kPortsOf = "fields detail limit marker sort_key sort_dir";
constexpr std::string_view kPortsOfDetail = "limit marker sort_key sort_dir";

/// The arguments of a route, blank-separated.
constexpr auto kArguments = std::to_array<std::pair<std::string_view, std::string_view>>({
    {"GET /v1/nodes/{ident}", "fields"},
    {"PATCH /v1/nodes/{ident}", "reset_interfaces"},
    {"GET /v1/nodes/{ident}/allocation", "fields"},
    {"GET /v1/nodes/{ident}/bios", "detail fields"},
    {"GET /v1/nodes/{ident}/history", "detail limit marker"},
    {"DELETE /v1/nodes/{ident}/vmedia", "device_types"},
    {"ANY /v1/nodes/{ident}/vendor_passthru", "method"},
    {"GET /v1/nodes/{ident}/ports", kPortsOf},
    {"GET /v1/nodes/{ident}/ports/detail", kPortsOfDetail},
    {"GET /v1/portgroups/{ident}/ports", kPortsOf},
    {"GET /v1/portgroups/{ident}/ports/detail", kPortsOfDetail},
    {"GET /v1/ports", kPortList},
    {"GET /v1/ports/detail", kPortDetail},
    {"GET /v1/ports/{ident}", "fields"},
    {"GET /v1/drivers", "type detail fields"},
    {"GET /v1/drivers/{name}", "fields"},
    {"ANY /v1/drivers/{name}/vendor_passthru", "method"},
    {"GET /v1/conductors", "fields detail limit marker sort_key sort_dir"},
    {"GET /v1/conductors/{hostname}", "fields"},
});

/// The arguments of each route of Ironic that this filter checks by name; nullptr: the handler does.
std::map<std::string_view, const std::string_view*> argumentsByRoute()
{
    std::map<std::string_view, const std::string_view*> rows;
    for (const PolicyRow& row : policyRows()) {
        static constexpr std::string_view kNone;
        const bool read = row.route.starts_with("GET ");
        const std::string_view path = row.route.substr(row.route.find(' ') + 1);
        const bool ofKind = std::ranges::any_of(resourceKinds(), [&](const ResourceKind& kind) {
            return path == kind.path || (path.starts_with(kind.path) && path.ends_with("{ident}")) ||
                   path == std::string(kind.path) + "/detail" ||
                   (!kind.ofNode.empty() && path.starts_with(kind.ofNode));
        });
        const bool ofNodes = path == "/v1/nodes" || path == "/v1/nodes/detail";
        if (row.rule.starts_with("baremetal:") && row.subject != Subject::Open)
            rows[row.route] = read && (ofKind || ofNodes) ? nullptr : &kNone;
    }
    for (const auto& [route, arguments] : kArguments)
        rows[route] = &arguments;
    return rows;
}

enum class ArgumentType { Text, Limit, Uuid, Boolean, Mac, Ident, Direction };

constexpr auto kTypes = std::to_array<std::pair<std::string_view, ArgumentType>>({
    {"limit", ArgumentType::Limit},
    {"marker", ArgumentType::Uuid},
    {"instance_uuid", ArgumentType::Uuid},
    {"chassis_uuid", ArgumentType::Uuid},
    {"node_uuid", ArgumentType::Uuid},
    {"node", ArgumentType::Ident},
    {"portgroup", ArgumentType::Ident},
    {"address", ArgumentType::Mac},
    {"sort_dir", ArgumentType::Direction},
    {"detail", ArgumentType::Boolean},
    {"associated", ArgumentType::Boolean},
    {"maintenance", ArgumentType::Boolean},
    {"retired", ArgumentType::Boolean},
    {"sharded", ArgumentType::Boolean},
    {"include_children", ArgumentType::Boolean},
    {"reset_interfaces", ArgumentType::Boolean},
});

/// The routes whose markers are names: those of resources with a unique name, and of conductors.
bool marksByName(std::string_view route)
{
    return route == "/v1/deploy_templates" || route == "/v1/runbooks" || route == "/v1/inspection_rules" ||
           route == "/v1/conductors";
}

ArgumentType typeOf(std::string_view name, std::string_view route)
{
    if (name == "marker" && marksByName(route))
        return ArgumentType::Ident;
    const auto found = std::ranges::find(kTypes, name, &std::pair<std::string_view, ArgumentType>::first);
    return found == kTypes.end() ? ArgumentType::Text : found->second;
}

constexpr std::string_view kBooleans =
    "'0', '1', 'f', 'false', 'n', 'no', 'off', 'on', 't', 'true', 'y', 'yes'";

bool isBoolean(const std::string& value)
{
    try {
        flagFromText(value, "");
        return true;
    } catch (const Error&) {
        return false;
    }
}

bool isNumber(std::string_view text)
{
    const std::string_view digits = text.starts_with('-') ? text.substr(1) : text;
    return !digits.empty() && std::ranges::all_of(digits, text::isDigit);
}

bool fits(ArgumentType type, const std::string& value)
{
    constexpr std::size_t kLongestName = 255;
    switch (type) {
    case ArgumentType::Text:
        return true;
    case ArgumentType::Limit:
        return isNumber(value);
    case ArgumentType::Uuid:
        return model::isUuid(value);
    case ArgumentType::Boolean:
        return isBoolean(value);
    case ArgumentType::Mac:
        return model::anyMacFromText(value).has_value();
    case ArgumentType::Ident:
        return text::isPlainName(value, kLongestName, "-._~");
    case ArgumentType::Direction:
        return value == "asc" || value == "desc";
    }
    return true;
}

/// Ironic's text for a @p value that does not fit
std::string expected(ArgumentType type, const std::string& name, const std::string& value)
{
    switch (type) {
    case ArgumentType::Text:
        return fmt::format("Expected string for {}: {}", name, value);
    case ArgumentType::Limit:
        return fmt::format("Expected an integer for {}: {}", name, value);
    case ArgumentType::Uuid:
        return fmt::format("Expected UUID for {}: {}", name, value);
    case ArgumentType::Boolean:
        return fmt::format("Invalid {}: Unrecognized value '{}', acceptable values are: {}", name, value,
                           kBooleans);
    case ArgumentType::Mac:
        return fmt::format("Expected valid MAC address for {}: {}", name, value);
    case ArgumentType::Ident:
        return fmt::format("Expected UUID or name for {}: {}", name, value);
    case ArgumentType::Direction:
        return fmt::format("Invalid sort direction: {}. Acceptable values are 'asc' or 'desc'", value);
    }
    return {};
}

/// Ironic's refusal of @p value; nothing if the value fits. @param many the argument is repeated
std::optional<std::string> refusalOf(ArgumentType type, const std::string& name, const std::string& value,
                                     bool many)
{
    if (many || !fits(type, value))
        return expected(type, name, value);
    const bool positive = !value.starts_with('-') && value.find_first_not_of('0') != std::string::npos;
    if (type == ArgumentType::Limit && !positive)
        return "Limit must be positive";
    return std::nullopt;
}

/// The values of @p name: "x", or "['x', 'y']" for a repeated argument.
std::string valuesOf(const Request& request, const std::string& name, bool& many)
{
    constexpr std::size_t kShown = 80;
    std::string text;
    std::size_t count = 0;
    for (const auto& [key, value] : request.query)
        if (key == name)
            text += fmt::format("{}'{}'", count++ == 0 ? "" : ", ", value.substr(0, kShown));
    many = count > 1;
    return many ? "[" + text + "]" : request.queryParam(name).value_or("");
}

void checkTypes(const Request& request)
{
    constexpr std::size_t kShown = 200;
    for (const auto& [name, first] : request.query) {
        bool many = false;
        const std::string value = valuesOf(request, name, many);
        if (const std::optional<std::string> why = refusalOf(typeOf(name, request.route), name, value, many))
            throw Error(ErrorCode::InvalidInput, why->substr(0, kShown),
                        many ? "give the argument once" : "docs/api.md has the arguments of lists");
    }
}

struct DriverArgument {
    std::string_view name;
    int since; ///< minor of the microversion
};

constexpr auto kDriverArguments =
    std::to_array<DriverArgument>({{"detail", 30}, {"type", 30}, {"fields", 77}});

void requireArgument(const Request& request, std::string_view name, int since)
{
    if (versionOf(request).minor < since && request.queryParam(name))
        throw Error(ErrorCode::NotAcceptable, "Request not acceptable.",
                    fmt::format("{} needs version 1.{}", name, since));
}

/// Refuses arguments that are newer than the request's version.
void checkVersions(const Request& request)
{
    constexpr int kFieldsSince = 8, kDetailSince = 43, kBiosSince = 74;
    if (request.route.starts_with("/v1/drivers")) {
        for (const DriverArgument& argument : kDriverArguments)
            requireArgument(request, argument.name, argument.since);
        return;
    }
    requireArgument(request, "fields", kFieldsSince);
    const bool ofBios = request.route.ends_with("/bios");
    const int detailSince = ofBios ? kBiosSince : kDetailSince;
    if (versionOf(request).minor >= detailSince || request.route.find("/volume/") != std::string::npos)
        return;
    if (const std::optional<std::string> detail = request.queryParam("detail"))
        throw Error(ErrorCode::InvalidInput,
                    fmt::format("Invalid query parameter ?detail={} received.",
                                flagFromText(*detail, "detail") ? "True" : "False"),
                    fmt::format("detail needs version 1.{}", detailSince));
    if (ofBios && request.queryParam("fields"))
        throw Error(ErrorCode::InvalidInput, "Invalid query parameter ?fields received.",
                    fmt::format("fields of BIOS settings needs version 1.{}", kBiosSince));
}

} // namespace

http::Filter queryFilter()
{
    return [rows = argumentsByRoute()](Request& request, http::Response&) {
        const PolicyRow* policy = policyOf(request.method, request.route);
        const auto row = policy == nullptr ? rows.end() : rows.find(policy->route);
        if (row == rows.end() || request.query.empty())
            return;
        if (row->second != nullptr)
            refuseOtherQuery(request, *row->second);
        checkTypes(request);
        checkVersions(request);
    };
}

} // namespace bm::api
