#include "conductor/fleet/selection/planner.h"

#include "common/model/error.h"
#include "common/platform/secrets.h"
#include "common/text/text.h"
#include "common/wire/json/stored_json.h"
#include "conductor/fleet/selection/selection.h"
#include "conductor/fleet/selection/verdict.h"
#include "conductor/images/image_reference.h"

#include <algorithm>
#include <fmt/format.h>

namespace bm::conductor::fleet {

using model::Error;
using model::ErrorCode;
using model::PlanVerdict;
using model::RolloutNode;

namespace {

std::string rackOf(const model::Node& node)
{
    return wire::textMember(wire::valueOf(node.properties), "rack");
}

std::string shownName(const model::Node& node)
{
    return node.name.empty() ? node.id.uuid : node.name;
}

void order(std::vector<Selected>& nodes, RolloutOrder by)
{
    std::sort(nodes.begin(), nodes.end(), [&](const Selected& a, const Selected& b) {
        if (by == RolloutOrder::Rack) {
            const std::string rackA = rackOf(a.node);
            const std::string rackB = rackOf(b.node);
            if (rackA != rackB)
                return text::naturalLess(rackA, rackB);
        }
        if (by == RolloutOrder::LastImaged && a.lastDeployed != b.lastDeployed)
            return a.lastDeployed.value_or(model::UtcTime{}) < b.lastDeployed.value_or(model::UtcTime{});
        return text::naturalLess(shownName(a.node), shownName(b.node));
    });
}

std::vector<RolloutNode> judgeAll(db::Transaction& tx, const Context& context, const RolloutRequest& request,
                                  const model::Image& image, const std::vector<Selected>& nodes)
{
    const std::map<std::string, std::string> taken = db::RolloutRepository{}.taken(tx);
    const PlanCriteria by{request, image, taken, context.clock.now()};
    std::vector<RolloutNode> rows;
    for (const Selected& selected : nodes) {
        RolloutNode row;
        row.uuid = model::makeUuid();
        row.node = selected.node.id;
        row.nodeName = shownName(selected.node);
        row.rack = rackOf(selected.node);
        judge(tx, context, by, selected, row);
        if (request.count > 0 &&
            (row.verdict != PlanVerdict::Write || selected.node.state != model::State::Available))
            continue;
        rows.push_back(std::move(row));
        if (request.count > 0 && rows.size() == request.count)
            break;
    }
    if (request.count > 0 && rows.size() < request.count)
        throw Error(
            ErrorCode::Conflict,
            fmt::format("only {} of the {} wanted nodes match and are available", rows.size(), request.count),
            "bm node list --state available; or a smaller --count");
    return rows;
}

/// Canaries, then waves that grow.
void giveWaves(std::vector<RolloutNode>& rows, const RolloutRequest& request)
{
    std::size_t size = request.canary == 0 ? rows.size() : request.canary;
    std::size_t inWave = 0;
    std::int32_t wave = 0;
    std::int32_t position = 0;
    for (RolloutNode& row : rows) {
        row.position = position++;
        if (row.verdict != PlanVerdict::Write)
            continue;
        if (inWave == size) {
            ++wave;
            inWave = 0;
            size = request.waveGrowth == 0 ? rows.size() : size * request.waveGrowth;
        }
        row.wave = wave;
        ++inWave;
    }
}

std::string fingerprintOf(const Plan& plan)
{
    std::string text = plan.image.contentId + "\n";
    for (const RolloutNode& row : plan.nodes)
        text += fmt::format("{} {} {}\n", row.node.uuid, model::toText(row.verdict), row.reasonCode);
    return platform::sha256Hex(text);
}

} // namespace

Plan makePlan(db::Transaction& tx, const Context& context, const RolloutRequest& request)
{
    Plan plan;
    plan.image = findReadyImage(tx, request.image, {}); // rollouts are the system's
    std::vector<Selected> nodes = selectNodes(tx, context.clock.now(), request);
    order(nodes, request.order);
    plan.nodes = judgeAll(tx, context, request, plan.image, nodes);
    giveWaves(plan.nodes, request);
    plan.fingerprint = fingerprintOf(plan);
    return plan;
}

} // namespace bm::conductor::fleet
