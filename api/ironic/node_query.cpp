#include "api/ironic/node_query.h"

#include "api/access/access.h"
#include "api/core/request_values.h"
#include "common/model/error.h"
#include "common/model/faults.h"

#include <algorithm>
#include <fmt/format.h>

namespace bm::api {

using model::Error;
using model::ErrorCode;
using model::Node;

namespace {

struct Argument {
    std::string_view name;
    int since;
    void (*take)(NodeQuery& query, const std::string& value, const std::string& conductor);
};

template <std::optional<std::string> db::NodeFilter::*member>
void parseText(NodeQuery& query, const std::string& value, const std::string&)
{
    query.filter.*member = value;
}

void parseState(NodeQuery& query, const std::string& value, const std::string&)
{
    query.filter.state = model::stateFromText(value);
    if (!query.filter.state)
        throw Error(ErrorCode::InvalidInput,
                    fmt::format("Provision state \"{}\" is not valid", value.substr(0, 80)),
                    "use a state such as \"available\", \"active\" or \"deploy failed\"");
}

void parseFault(NodeQuery& query, const std::string& value, const std::string&)
{
    if (!model::isFault(value))
        throw Error(ErrorCode::InvalidInput,
                    fmt::format("Unrecognized fault \"{}\" is specified, allowed faults are ('{}')",
                                value.substr(0, 80), fmt::join(model::kFaults, "', '")));
    query.filter.fault = value;
}

void parseConductor(NodeQuery& query, const std::string& value, const std::string& conductor)
{
    query.also.emplace_back([ours = value == conductor](const Node&) { return ours; });
}

void parseShards(NodeQuery& query, const std::string& value, const std::string&)
{
    query.also.emplace_back([list = "," + value + ","](const Node& node) {
        return !node.shard.empty() && list.find("," + node.shard + ",") != std::string::npos;
    });
}

void parseSortKey(NodeQuery& query, const std::string& value, const std::string&)
{
    if (value.empty() || value == "id") // the order of creation
        return;
    const wire::NodeField* field = wire::findNodeField(value);
    const std::string column(field == nullptr ? "" : field->sortColumn);
    const std::vector<std::string>& known = db::NodeRepository::sortKeys();
    if (column.empty() || std::find(known.begin(), known.end(), column) == known.end())
        throw notSortable(value, fmt::format("use one of: {}", fmt::join(known, ", ")));
    query.filter.sortKey = column;
}

void parseSortDirection(NodeQuery& query, const std::string& value, const std::string&)
{
    if (value != "asc" && value != "desc")
        throw Error(ErrorCode::InvalidInput,
                    fmt::format("Invalid sort direction: {}. Acceptable values are 'asc' or 'desc'",
                                value.substr(0, 40)));
    query.filter.descending = value == "desc";
}

void ignoreValue(NodeQuery&, const std::string&, const std::string&) {}

const std::vector<Argument>& arguments()
{
    using F = db::NodeFilter;
    // clang-format off
    static const std::vector<Argument> rows{
        {"instance_uuid", 1, parseText<&F::instanceUuid>},
        {"associated", 1, [](NodeQuery& q, const std::string& v, const std::string&) { q.filter.associated = flagFromText(v, "associated"); }},
        {"maintenance", 1, [](NodeQuery& q, const std::string& v, const std::string&) { q.filter.maintenance = flagFromText(v, "maintenance"); }},
        {"chassis_uuid", 1, parseText<&F::chassisUuid>},
        {"provision_state", 9, parseState},
        {"driver", 16, parseText<&F::driver>},
        {"resource_class", 21, parseText<&F::resourceClass>},
        {"fault", 42, parseFault},
        {"conductor_group", 46, parseText<&F::conductorGroup>},
        {"conductor", 49, parseConductor},
        {"owner", 50, parseText<&F::owner>},
        {"description_contains", 1, parseText<&F::descriptionContains>},
        {"retired", 1, [](NodeQuery& q, const std::string& v, const std::string&) { q.filter.retired = flagFromText(v, "retired"); }},
        {"lessee", 65, parseText<&F::lessee>},
        {"project", 1, parseText<&F::project>},
        {"shard", 82, parseShards},
        {"sharded", 82, [](NodeQuery& q, const std::string& v, const std::string&) { q.also.emplace_back([on = flagFromText(v, "sharded")](const Node& n) { return n.shard.empty() != on; }); }},
        {"parent_node", 83, parseText<&F::parentNode>},
        {"include_children", 83, [](NodeQuery& q, const std::string& v, const std::string&) { if (flagFromText(v, "include_children")) q.filter.parentNode.reset(); }},
        {"instance_name", 104, [](NodeQuery& q, const std::string& v, const std::string&) { q.also.emplace_back([v](const Node& n) { return n.instanceName == v; }); }},
        {"sort_key", 1, parseSortKey},
        {"sort_dir", 1, parseSortDirection},
        {"marker", 1, [](NodeQuery& q, const std::string& v, const std::string&) { q.filter.marker = v; }},
        {"limit", 1, ignoreValue},
        {"fields", 8, ignoreValue},
        {"detail", 1, ignoreValue},
    };
    // clang-format on
    return rows;
}

/// @param detail  the route shows all fields
std::string argumentNames(bool detail)
{
    std::string names;
    for (const Argument& row : arguments())
        if (!detail || (row.name != "fields" && row.name != "detail"))
            names += (names.empty() ? "" : " ") + std::string(row.name);
    return names;
}

/// @param name  one of argumentNames()
const Argument& argumentOf(const std::string& name, wire::Version version)
{
    const auto found = std::ranges::find(arguments(), name, &Argument::name);
    if (found->since > version.minor)
        throw Error(ErrorCode::NotAcceptable, "Request not acceptable.",
                    fmt::format("{} needs version 1.{}, but the request has {}", name, found->since,
                                wire::toText(version)));
    return *found;
}

bool fits(const NodeQuery& query, const Node& node)
{
    return std::all_of(query.also.begin(), query.also.end(), [&](const auto& holds) { return holds(node); });
}

/// Restricts the list of a project's user to nodes of that project.
void narrowToProject(NodeQuery& query, const http::Request& request)
{
    const std::string& project = projectOf(request);
    if (project.empty())
        return;
    if (query.filter.project)
        ownerOfNew(request, *query.filter.project);
    query.filter.project = project;
}

} // namespace

NodeQuery nodeQueryOf(const http::Request& request, bool detail, const std::string& conductorName)
{
    const wire::Version version = versionOf(request);
    NodeQuery query;
    query.filter.parentNode = ""; // without parent_node= only nodes without a parent
    refuseOtherQuery(request, argumentNames(detail));
    for (const auto& [name, value] : request.query)
        argumentOf(name, version).take(query, value, conductorName);
    if (const wire::NodeField* field = wire::findNodeField(sortKeyOf(request));
        field != nullptr && field->since > version.minor)
        throw Error(ErrorCode::NotAcceptable, "Request not acceptable.",
                    fmt::format("sort_key={} needs version 1.{}", field->name, field->since));
    narrowToProject(query, request);
    query.limit = limitOf(request);
    const std::optional<std::string> fields = requestedFields(request);
    detail = detail || detailWanted(request);
    query.fields = fields   ? wire::nodeSelection(*fields, version)
                   : detail ? wire::nodeDetail(version)
                            : wire::nodeSummary(version);
    return query;
}

NodePage pageOf(db::Transaction& tx, const NodeQuery& query)
{
    NodePage page;
    db::NodeFilter filter = query.filter;
    filter.limit = query.also.empty() ? query.limit + 1 : 1000;
    for (bool last = false; !last && page.nodes.size() <= query.limit;) {
        std::vector<Node> some = db::NodeRepository{}.list(tx, filter);
        last = some.size() < filter.limit || query.also.empty();
        if (!some.empty())
            filter.marker = some.back().id.uuid;
        for (Node& node : some)
            if (fits(query, node))
                page.nodes.push_back(std::move(node));
    }
    page.more = page.nodes.size() > query.limit;
    if (page.more)
        page.nodes.erase(page.nodes.begin() + static_cast<std::ptrdiff_t>(query.limit), page.nodes.end());
    return page;
}

} // namespace bm::api
