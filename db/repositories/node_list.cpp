#include "db/repositories/node_repository.h"

#include "common/model/error.h"
#include "db/repositories/node_table.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace bm::db {
namespace {

using model::Error;
using model::ErrorCode;
using model::Node;

struct SortKey {
    std::string_view name;
    std::string_view expression; ///< never null, so that both engines sort alike
};

constexpr auto kSortKeys = std::to_array<SortKey>({
    {"uuid", "uuid"},
    {"name", "name"},
    {"driver", "driver"},
    {"provision_state", "provision_state"},
    {"target_provision_state", "target_provision_state"},
    {"power_state", "power_state"},
    {"target_power_state", "target_power_state"},
    {"instance_uuid", "instance_uuid"},
    {"resource_class", "resource_class"},
    {"owner", "owner"},
    {"lessee", "lessee"},
    {"description", "description"},
    {"conductor_group", "conductor_group"},
    {"chassis_uuid", "chassis_uuid"},
    {"shard", "shard"},
    {"parent_node", "parent_node"},
    {"instance_name", "instance_name"},
    {"health", "health"},
    {"maintenance", "maintenance"},
    {"fault", "fault"},
    {"protected", "protected"},
    {"retired", "retired"},
    {"boot_mode", "boot_mode"},
    {"console_enabled", "console_enabled"},
    {"last_error", "last_error"},
    {"provision_updated_at", "coalesce(provision_updated_at, 0)"},
    {"inspection_started_at", "coalesce(inspection_started_at, 0)"},
    {"inspection_finished_at", "coalesce(inspection_finished_at, 0)"},
    {"created_at", "number"},
    {"updated_at", "coalesce(updated_at, 0)"},
});

const SortKey& sortKey(const std::string& name)
{
    const auto* found = std::find_if(kSortKeys.begin(), kSortKeys.end(),
                                     [&](const SortKey& key) { return key.name == name; });
    if (found == kSortKeys.end())
        throw Error(ErrorCode::InvalidInput, fmt::format("cannot sort nodes by \"{}\"", name),
                    fmt::format("sort by one of: {}", fmt::join(NodeRepository::sortKeys(), ", ")));
    return *found;
}

/// Collects conditions: "where a = $1 and b = $2 ...".
class Conditions {
public:
    /// @p condition contains one {} for the parameter's placeholder.
    void add(std::string_view condition, Value parameter)
    {
        parameters_.push_back(std::move(parameter));
        add(fmt::format(fmt::runtime(condition), fmt::format("${}", parameters_.size())));
    }
    void add(const std::string& condition)
    {
        text_ += text_.empty() ? "where " : " and ";
        text_ += condition;
    }
    std::string mark(Value parameter)
    {
        parameters_.push_back(std::move(parameter));
        return fmt::format("${}", parameters_.size());
    }
    const std::string& text() const { return text_; }
    const std::vector<Value>& parameters() const { return parameters_; }

private:
    std::string text_;
    std::vector<Value> parameters_;
};

std::string likePattern(const std::string& text)
{
    std::string pattern = "%";
    for (const char c : text) {
        if (c == '%' || c == '_' || c == '\\')
            pattern += '\\';
        pattern += c;
    }
    return pattern + "%";
}

void narrow(Conditions& where, const NodeFilter& filter)
{
    const auto equal = [&](std::string_view column, const std::optional<std::string>& value) {
        if (value)
            where.add(fmt::format("{} = {{}}", column), *value);
    };
    const auto flag = [&](std::string_view column, const std::optional<bool>& value) {
        if (value)
            where.add(fmt::format("{} = {{}}", column), store(*value));
    };
    if (filter.state)
        where.add("provision_state = {}", store(*filter.state));
    equal("driver", filter.driver);
    equal("resource_class", filter.resourceClass);
    equal("owner", filter.owner);
    equal("lessee", filter.lessee);
    if (filter.project) {
        const std::string project = where.mark(*filter.project);
        where.add(fmt::format("(owner = {0} or lessee = {0})", project));
    }
    equal("conductor_group", filter.conductorGroup);
    equal("shard", filter.shard);
    equal("chassis_uuid", filter.chassisUuid);
    equal("parent_node", filter.parentNode);
    equal("instance_uuid", filter.instanceUuid);
    equal("fault", filter.fault);
    flag("maintenance", filter.maintenance);
    flag("retired", filter.retired);
    if (filter.descriptionContains)
        where.add("lower(description) like lower({}) escape '\\'", likePattern(*filter.descriptionContains));
    if (filter.associated)
        where.add(*filter.associated ? std::string("instance_uuid <> ''")
                                     : std::string("instance_uuid = ''"));
}

void startAfter(Transaction& tx, Conditions& where, const NodeFilter& filter, const SortKey& key)
{
    const std::string project = filter.project.value_or("");
    // The order of another project's node tells its values.
    const auto last = tx.query(
        fmt::format("select {} from nodes where uuid = $1 and ($2 = '' or owner = $2 or lessee = $2)",
                    key.expression),
        {filter.marker, project});
    if (last.empty())
        throw Error(ErrorCode::NotFound, fmt::format("Node {} could not be found.", filter.marker),
                    "repeat the list without a marker");
    const std::string value = where.mark(last[0][0]);
    const std::string uuid = where.mark(filter.marker);
    where.add(
        fmt::format("({}, uuid) {} ({}, {})", key.expression, filter.descending ? "<" : ">", value, uuid));
}

} // namespace

const std::vector<std::string>& NodeRepository::sortKeys()
{
    static const std::vector<std::string> names = [] {
        std::vector<std::string> all;
        all.reserve(std::size(kSortKeys));
        for (const SortKey& key : kSortKeys)
            all.emplace_back(key.name);
        return all;
    }();
    return names;
}

std::vector<Node> NodeRepository::list(Transaction& tx, const NodeFilter& filter) const
{
    const SortKey& key = sortKey(filter.sortKey);
    Conditions where;
    narrow(where, filter);
    if (!filter.marker.empty())
        startAfter(tx, where, filter, key);
    const std::string limit = where.mark(store(filter.limit));
    const std::string_view direction = filter.descending ? "desc" : "asc";
    return nodeTable().find(tx,
                            fmt::format("{} order by {} {}, uuid {} limit {}", where.text(), key.expression,
                                        direction, direction, limit),
                            where.parameters());
}

} // namespace bm::db
