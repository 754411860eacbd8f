#include "common/model/error.h"
#include "db/engine/table.h"
#include "db/repositories/repositories.h"
#include "db/repositories/rollout_repository.h"

#include <nlohmann/json.hpp>

namespace bm::db {
namespace {

using model::Error;
using model::ErrorCode;
using model::Operation;
using model::Step;

const Table<Operation>& operations()
{
    static const Table<Operation> table("operations",
                                        {
                                            column<&Operation::id>("uuid"),
                                            column<&Operation::node>("node_uuid"),
                                            column<&Operation::kind>("kind"),
                                            column<&Operation::state>("state"),
                                            column<&Operation::request>("request"),
                                            column<&Operation::then>("then_kinds"),
                                            column<&Operation::actor>("actor"),
                                            column<&Operation::rollout>("rollout_uuid"),
                                            column<&Operation::abortRequested>("abort_requested"),
                                            column<&Operation::errorCode>("error_code"),
                                            column<&Operation::errorMessage>("error_message"),
                                            column<&Operation::errorHint>("error_hint"),
                                            column<&Operation::createdAt>("created_at"),
                                            column<&Operation::startedAt>("started_at"),
                                            column<&Operation::finishedAt>("finished_at"),
                                            column<&Operation::runAt>("run_at"),
                                        });
    return table;
}

const Table<Step>& stepTable()
{
    static const Table<Step> table("steps", {
                                                column<&Step::id>("uuid"),
                                                column<&Step::operation>("operation_uuid"),
                                                column<&Step::position>("position"),
                                                column<&Step::name>("name"),
                                                column<&Step::interface>("interface"),
                                                column<&Step::priority>("priority"),
                                                column<&Step::arguments>("arguments"),
                                                column<&Step::state>("state"),
                                                column<&Step::attempts>("attempts"),
                                                column<&Step::crashes>("crashes"),
                                                column<&Step::bytesDone>("bytes_done"),
                                                column<&Step::bytesTotal>("bytes_total"),
                                                column<&Step::message>("message"),
                                                column<&Step::result>("result"),
                                                column<&Step::errorCode>("error_code"),
                                                column<&Step::errorMessage>("error_message"),
                                                column<&Step::errorHint>("error_hint"),
                                                column<&Step::startedAt>("started_at"),
                                                column<&Step::finishedAt>("finished_at"),
                                                column<&Step::deadline>("deadline"),
                                            });
    return table;
}

/// True if a member "image", "image_id", "image_source" ... anywhere in @p value equals or contains @p id or
/// @p name.
bool namesImage(const nlohmann::json& value, const std::string& id, const std::string& name, bool below)
{
    if (value.is_string()) {
        const auto& text = value.get_ref<const std::string&>();
        return below && (text == id || text == name);
    }
    if (value.is_object()) {
        for (const auto& [key, member] : value.items())
            if (namesImage(member, id, name, below || key.starts_with("image")))
                return true;
    } else if (value.is_array()) {
        for (const auto& member : value)
            if (namesImage(member, id, name, below))
                return true;
    }
    return false;
}

} // namespace

void OperationRepository::insert(Transaction& tx, const Operation& operation,
                                 const std::vector<Step>& steps) const
{
    operations().insert(tx, operation);
    for (const Step& step : steps)
        stepTable().insert(tx, step);
}

void OperationRepository::update(Transaction& tx, const Operation& operation) const
{
    if (operations().update(tx, operation) == 0)
        throw Error(ErrorCode::NotFound, "operation " + operation.id.uuid + " no longer exists");
}

void OperationRepository::updateStep(Transaction& tx, const Step& step) const
{
    if (stepTable().update(tx, step) == 0)
        throw Error(ErrorCode::NotFound, "step " + step.id.uuid + " no longer exists");
}

std::optional<Operation> OperationRepository::find(Transaction& tx, const model::OperationId& id) const
{
    return operations().byKey(tx, id.uuid);
}

std::optional<Step> OperationRepository::findStep(Transaction& tx, const model::StepId& id) const
{
    return stepTable().byKey(tx, id.uuid);
}

std::optional<Operation> OperationRepository::current(Transaction& tx, const model::NodeId& node) const
{
    return operations().first(tx, "where node_uuid = $1 and state in ('queued', 'running')", {node.uuid});
}

std::optional<Operation> OperationRepository::latest(Transaction& tx, const model::NodeId& node) const
{
    return operations().first(tx, "where node_uuid = $1 order by number desc limit 1", {node.uuid});
}

std::vector<Operation> OperationRepository::unfinished(Transaction& tx) const
{
    return operations().find(tx, "where state in ('queued', 'running') order by number");
}

std::vector<Step> OperationRepository::steps(Transaction& tx, const model::OperationId& operation) const
{
    return stepTable().find(tx, "where operation_uuid = $1 order by position", {operation.uuid});
}

std::map<std::string, Operation> RolloutRepository::operations(Transaction& tx,
                                                               const model::RolloutId& rollout) const
{
    std::map<std::string, Operation> latest;
    for (Operation& operation :
         bm::db::operations().find(tx,
                                   "where rollout_uuid = $1 and number in (select max(number) from "
                                   "operations where rollout_uuid = $1 "
                                   "group by node_uuid)",
                                   {rollout.uuid}))
        latest.insert_or_assign(operation.node.uuid, std::move(operation));
    return latest;
}

std::vector<model::NodeId> OperationRepository::nodesUsingImage(Transaction& tx,
                                                                const model::ImageId& image) const
{
    const auto named = tx.query("select name from images where uuid = $1", {image.uuid});
    const std::string name = named.empty() ? image.uuid : std::get<std::string>(named[0][0]);
    std::vector<model::NodeId> nodes;
    for (const Operation& operation : unfinished(tx)) {
        const auto request = nlohmann::json::parse(operation.request.text, nullptr, false);
        if (namesImage(request, image.uuid, name, false))
            nodes.push_back(operation.node);
    }
    return nodes;
}

} // namespace bm::db
