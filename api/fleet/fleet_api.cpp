#include "api/fleet/fleet_api.h"

#include "api/core/request_values.h"
#include "common/model/step_kinds.h"
#include "common/wire/json/json_writer.h"
#include "common/wire/operation_json.h"
#include "db/repositories/fleet/fleet_repository.h"

#include <algorithm>
#include <map>

namespace bm::api {

using http::Method;
using http::Request;
using http::Response;
using model::StepState;

namespace {

constexpr std::chrono::hours kRecent{24};
constexpr std::size_t kMostFailures = 20;
constexpr std::size_t kMostDeployments = 1000;

struct Shown {
    db::NamedOperation named;
    std::vector<model::Step> steps{};
};

void writeFailures(wire::JsonWriter& out, const std::vector<db::NamedOperation>& failures)
{
    out.key("failures").beginArray();
    for (const db::NamedOperation& failed : failures) {
        out.beginObject();
        out.key("node").stringOrNull(failed.nodeName);
        out.key("node_uuid").string(failed.operation.node.uuid);
        out.key("kind").string(model::toText(failed.operation.kind));
        out.key("code").string(failed.operation.errorCode);
        out.key("message").string(failed.operation.errorMessage);
        out.key("hint").string(failed.operation.errorHint);
        out.key("finished_at").timeOrNull(failed.operation.finishedAt);
        out.endObject();
    }
    out.endArray();
}

void writeStates(wire::JsonWriter& out, const std::vector<db::StateCount>& states)
{
    std::int64_t nodes = 0;
    std::int64_t maintenance = 0;
    std::int64_t poweredOn = 0;
    out.key("states").beginObject();
    for (const db::StateCount& count : states) {
        out.key(count.state).number(count.nodes);
        nodes += count.nodes;
        maintenance += count.maintenance;
        poweredOn += count.poweredOn;
    }
    out.endObject();
    out.key("nodes").number(nodes).key("maintenance").number(maintenance).key("powered_on").number(poweredOn);
}

const model::Step* currentStep(const std::vector<model::Step>& steps)
{
    const auto open = std::find_if(steps.begin(), steps.end(), [](const model::Step& step) {
        return step.state != StepState::Done && step.state != StepState::Skipped;
    });
    return open == steps.end() ? nullptr : &*open;
}

void writeShown(wire::JsonWriter& out, const Shown& shown, model::UtcTime now)
{
    const model::Operation& operation = shown.named.operation;
    out.beginObject();
    out.key("uuid").string(operation.id.uuid);
    out.key("node").stringOrNull(shown.named.nodeName);
    out.key("node_uuid").string(operation.node.uuid);
    out.key("kind").string(model::toText(operation.kind));
    out.key("state").string(model::toText(operation.state));
    out.key("then").json(operation.then);
    out.key("actor").string(operation.actor);
    out.key("created_at").time(operation.createdAt);
    out.key("started_at").timeOrNull(operation.startedAt);
    if (const model::Step* step = currentStep(shown.steps)) {
        const wire::StepPace pace = wire::paceOf(*step, now);
        out.key("step").string(step->name).key("step_title").string(model::titleOfStep(step->name));
        out.key("step_message").stringOrNull(step->message);
        out.key("bytes_done").number(step->bytesDone).key("bytes_total").number(step->bytesTotal);
        out.key("mb_per_s").decimal(pace.megabytesPerSecond).key("eta_seconds");
        if (pace.etaSeconds)
            out.number(*pace.etaSeconds);
        else
            out.null();
    } else {
        out.key("step").null();
    }
    out.endObject();
}

std::int64_t medianOf(std::vector<std::int64_t> values)
{
    std::sort(values.begin(), values.end());
    const std::size_t middle = values.size() / 2;
    return values.size() % 2 == 1 ? values[middle] : (values[middle - 1] + values[middle]) / 2;
}

} // namespace

void FleetApi::mount(http::Router& router)
{
    router.add(Method::Get, "/v1/fleet", [this](Request& q, Response& a) { fleet(q, a); });
    router.add(Method::Get, "/v1/operations", [this](Request& q, Response& a) { operations(q, a); });
    router.add(Method::Get, "/v1/steps/medians", [this](Request& q, Response& a) { medians(q, a); });
}

void FleetApi::fleet(Request& request, Response& response) const
{
    refuseOtherQuery(request, "");
    const model::UtcTime now = parts_.context.clock.now();
    wire::JsonWriter out;
    out.beginObject();
    out.key("at").time(now);
    parts_.context.database.read([&](db::Transaction& tx) {
        const db::FleetRepository fleet;
        writeStates(out, fleet.countStates(tx));
        out.key("operations").beginObject();
        out.key("running").number(fleet.countOperations(tx, model::OperationState::Running));
        out.key("queued").number(fleet.countOperations(tx, model::OperationState::Queued));
        out.endObject();
        writeFailures(out, fleet.failed(tx, now - kRecent, kMostFailures));
    });
    response.sendJson(200, out.endObject().text());
}

void FleetApi::operations(Request& request, Response& response) const
{
    refuseOtherQuery(request, "limit");
    const std::size_t limit = limitOf(request, 10'000);
    const model::UtcTime now = parts_.context.clock.now();
    wire::JsonWriter out;
    out.beginObject().key("operations").beginArray();
    parts_.context.database.read([&](db::Transaction& tx) {
        for (db::NamedOperation& named : db::FleetRepository{}.unfinished(tx, limit)) {
            Shown shown{std::move(named)};
            if (shown.named.operation.state == model::OperationState::Running)
                shown.steps = db::OperationRepository{}.steps(tx, shown.named.operation.id);
            writeShown(out, shown, now);
        }
    });
    response.sendJson(200, out.endArray().endObject().text());
}

void FleetApi::medians(Request& request, Response& response) const
{
    refuseOtherQuery(request, "image last");
    const std::string image = request.queryParam("image").value_or("");
    const auto last = static_cast<std::size_t>(numberOf(request, "last", 100, kMostDeployments));
    const std::vector<db::DeploymentSpans> deployments = parts_.context.database.read(
        [&](db::Transaction& tx) { return db::FleetRepository{}.deployments(tx, image, last); });
    std::map<std::string, std::vector<std::int64_t>> byStep;
    std::vector<std::string> order;
    std::vector<std::int64_t> totals;
    for (const db::DeploymentSpans& deployment : deployments) {
        totals.push_back(deployment.millis);
        for (const db::StepSpan& span : deployment.steps) {
            if (byStep.count(span.step) == 0)
                order.push_back(span.step);
            byStep[span.step].push_back(span.millis);
        }
    }
    wire::JsonWriter out;
    out.beginObject().key("image").stringOrNull(image).key("deployments");
    out.number(static_cast<std::int64_t>(totals.size())).key("total_ms");
    if (totals.empty())
        out.null();
    else
        out.number(medianOf(totals));
    out.key("steps").beginArray();
    for (const std::string& step : order) {
        out.beginObject().key("name").string(step).key("median_ms").number(medianOf(byStep[step]));
        out.key("count").number(static_cast<std::int64_t>(byStep[step].size())).endObject();
    }
    response.sendJson(200, out.endArray().endObject().text());
}

} // namespace bm::api
