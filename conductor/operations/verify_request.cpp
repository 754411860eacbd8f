#include "conductor/operations/verify_request.h"

#include "common/wire/json/stored_json.h"
#include "conductor/core/node_refusals.h"
#include "conductor/core/nodes.h"
#include "conductor/images/ramdisk_deployment.h"
#include "conductor/nodes/boot_port.h"
#include "conductor/operations/lifecycle.h"
#include "db/repositories/report_repository.h"

namespace bm::conductor {

using model::Error;
using model::ErrorCode;

namespace {

/// A tree has no blocks to compare: its files change from the first start on.
void refuseTree(const model::NodeReport& written)
{
    const nlohmann::json image = wire::valueOf(written.body).value("image", nlohmann::json::object());
    if (wire::textMember(image, "kind") == "tree")
        throw Error(ErrorCode::Conflict,
                    "image \"" + wire::textMember(image, "name") +
                        "\" is a tree, which has no blocks to compare",
                    "the agent verified each file when it wrote the tree: bm node report");
}

} // namespace

model::OperationId beginVerifyDisk(const Context& context, const std::string& ident, const std::string& actor)
{
    return context.database.write([&](db::Transaction& tx) {
        const model::Node node = findNode(tx, ident);
        refuseBusy(tx, context, node);
        refuseMaintenance(node);
        model::Node trial = node;
        applyEvent(trial, model::StateEvent::Service, context.clock.now()); // throws in Ironic's words
        refuseWithoutDisk(node, "compare");
        requireBootPort(tx, context, node);
        const std::optional<model::NodeReport> written = db::ReportRepository{}.latest(tx, node.id, "deploy");
        if (written)
            refuseTree(*written);
        else
            throw Error(ErrorCode::NotFound, "no deployment of this node is recorded",
                        "bm verifies only disks that it has deployed");
        NewOperation wanted;
        wanted.kind = model::OperationKind::VerifyDisk;
        wanted.actor = actor;
        return beginOperation(tx, context, node, model::StateEvent::Service, wanted);
    });
}

} // namespace bm::conductor
