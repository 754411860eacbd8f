#include "conductor/core/project_data.h"

#include "common/model/error.h"
#include "db/repositories/project_size.h"

#include <fmt/format.h>

namespace bm::conductor {
namespace {

constexpr std::chrono::seconds kTrusted{60}; ///< agents and other bmd changes count when bmd measures again
constexpr std::chrono::seconds kRefusing{1}; ///< a project at its limit is measured once in this time

template <class T> std::vector<std::string_view> columnsOf()
{
    std::vector<std::string_view> columns;
    for (const SizeLimit<T>& limit : sizeLimits<T>())
        if (limit.rule.counted)
            columns.push_back(limit.rule.column);
    return columns;
}

std::int64_t bytesOfProject(db::Transaction& tx, const std::string& project)
{
    using db::ProjectRows;
    return db::sizeOfRows(tx, "nodes", columnsOf<model::Node>(), ProjectRows::Nodes, project) +
           db::sizeOfRows(tx, "ports", columnsOf<model::Port>(), ProjectRows::OfNodes, project) +
           db::sizeOfRows(tx, "portgroups", columnsOf<model::PortGroup>(), ProjectRows::OfNodes, project) +
           db::sizeOfRows(tx, "volume_connectors", columnsOf<model::VolumeConnector>(), ProjectRows::OfNodes,
                          project) +
           db::sizeOfRows(tx, "volume_targets", columnsOf<model::VolumeTarget>(), ProjectRows::OfNodes,
                          project) +
           db::sizeOfRows(tx, "allocations", columnsOf<model::Allocation>(), ProjectRows::Owned, project) +
           db::sizeOfRows(tx, "runbooks", columnsOf<model::Runbook>(), ProjectRows::Owned, project);
}

} // namespace

ProjectData::Count ProjectData::measured(db::Transaction& tx, const std::string& project, std::int64_t growth)
{
    const Steady::time_point now = Steady::now();
    {
        auto counts = counts_.lock();
        const auto found = counts->find(project);
        if (found != counts->end()) {
            const Steady::duration age = now - found->second.measuredAt;
            const bool fits = found->second.bytes + growth <= limit_;
            if (age < (fits ? Steady::duration(kTrusted) : Steady::duration(kRefusing)))
                return found->second;
        }
    }
    const Count count{bytesOfProject(tx, project), now};
    (*counts_.lock())[project] = count;
    return count;
}

void ProjectData::grow(db::Transaction& tx, const std::string& project, std::int64_t growth)
{
    if (project.empty() || growth == 0)
        return;
    if (growth > 0)
        if (const Count count = measured(tx, project, growth); count.bytes + growth > limit_)
            throw model::Error(model::ErrorCode::TooLarge,
                               fmt::format("the project {} would store {} bytes, but the limit is {}",
                                           project, count.bytes + growth, limit_),
                               "remove data of the project's nodes, or raise conductor.max_project_data");
    tx.afterCommit([this, project, growth] {
        auto counts = counts_.lock();
        if (const auto found = counts->find(project); found != counts->end())
            found->second.bytes += growth;
    });
}

void ProjectData::storeNode(db::Transaction& tx, const model::Node& node, const model::Node* before)
{
    const std::string& project = dataProjectOf(node);
    if (before == nullptr || dataProjectOf(*before) == project)
        return store(tx, project, node, before);
    refuseOversize(node, before);
    grow(tx, dataProjectOf(*before), -static_cast<std::int64_t>(bytesOf(*before)));
    grow(tx, project, static_cast<std::int64_t>(bytesOf(node)));
}

} // namespace bm::conductor
