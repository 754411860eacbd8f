#include "conductor/machines/agent_service.h"

#include "common/model/step_kinds.h"
#include "common/platform/log.h"
#include "common/text/printable.h"
#include "common/wire/json/json_input.h"
#include "common/wire/json/json_reader.h"
#include "common/wire/json/stored_json.h"
#include "common/wire/steps/image_parts.h"
#include "conductor/core/boot_window.h"
#include "conductor/core/caused_events.h"
#include "conductor/core/due_operations.h"
#include "conductor/core/node_disks.h"
#include "conductor/core/nodes.h"
#include "conductor/core/seal_places.h"
#include "conductor/machines/drive_access.h"
#include "conductor/nodes/machine_match.h"
#include "db/repositories/rollout_repository.h"

#include <algorithm>
#include <variant>

namespace bm::conductor {

using model::Error;
using model::ErrorCode;
using model::Step;
using model::StepState;
using wire::AgentStepState;

namespace {

constexpr std::chrono::milliseconds kIdlePace{5000};
constexpr std::size_t kLogTailLimit = 16384;
constexpr std::size_t kVersionText = 64; // bytes
constexpr std::size_t kBootIdText = 64;

/// A message of the agent, and the address that it came from.
struct ReceivedExchange {
    const wire::AgentExchangeRequest& message;
    const std::string& peerAddress;
};

Error unknownAgent()
{
    return {ErrorCode::Unauthorized, "invalid agent token for this node", "the agent must repeat its lookup"};
}

/// The same for an unknown machine and for one without an operation: whoever asks has not logged in, and
/// learns no name and no uuid.
Error noSuchMachine()
{
    return {ErrorCode::NotFound, "Node with port addresses was not found, or it expects no agent now.",
            "enrol it: bm node enrol, or start an operation: bm provision"};
}

model::Node nodeByMacsOrUuid(db::Transaction& tx, const std::vector<std::string>& macs,
                             const std::string& uuid)
{
    if (!uuid.empty())
        if (const std::optional<model::Node> node = db::NodeRepository{}.find(tx, model::NodeId{uuid}))
            return *node;
    for (const std::string& text : macs)
        if (const std::optional<model::MacAddress> mac = model::macFromText(text))
            if (const std::optional<model::Port> port = db::PortRepository{}.findByMac(tx, *mac))
                return findNode(tx, port->node.uuid);
    throw noSuchMachine();
}

/// The node's record when @p token is its live one. @throws Error Unauthorized
db::AgentRecord authorized(db::Transaction& tx, const Context& context, const std::string& uuid,
                           const std::string& token)
{
    const std::optional<db::AgentRecord> record = db::AgentRepository{}.find(tx, model::NodeId{uuid});
    if (!record || record->tokenSealed.empty() || token.empty() ||
        !platform::equalSecrets(context.secrets.open(agentTokenPlace(record->node), record->tokenSealed),
                                token))
        throw unknownAgent();
    return *record;
}

/// The record of the node whose live token is @p token. @throws Error Unauthorized
db::AgentRecord authorizedAny(db::Transaction& tx, const Context& context, const std::string& token)
{
    for (const db::AgentRecord& record : db::AgentRepository{}.expectedToBoot(tx, context.clock.now()))
        if (!record.tokenSealed.empty() &&
            platform::equalSecrets(context.secrets.open(agentTokenPlace(record.node), record.tokenSealed),
                                   token))
            return record;
    throw unknownAgent();
}

/// True if a step of the operation on @p node gives the agent the image with @p contentId.
bool copiesContent(db::Transaction& tx, const model::NodeId& node, const std::string& contentId)
{
    const db::OperationRepository operations;
    const std::optional<model::Operation> current = operations.current(tx, node);
    if (!current)
        return false;
    const std::vector<Step> steps = operations.steps(tx, current->id);
    return std::ranges::any_of(steps, [&](const Step& step) {
        if (step.arguments.text.find(contentId) == std::string::npos) // most steps: no need to parse them
            return false;
        const nlohmann::json arguments = wire::valueOf(step.arguments);
        const auto image = arguments.find("image");
        return image != arguments.end() && image->is_object() && wire::textMember(*image, "id") == contentId;
    });
}

/// The disk rules of @p known. Steps that write or read disks wait for absent ones, and so does an
/// inspection.
wire::DiskRules rulesFor(const Step& step, const model::Node& known, const Context& context)
{
    wire::DiskRules rules = diskRulesOf(known, context.settings);
    const model::StepKind& kind = *model::findStepKind(step.name);
    if (kind.destroysData() || kind.countsBytes() || kind.name == model::stepKind("inspect").name)
        rules.expected = missingDisks(known);
    return rules;
}

/// The step for the agent, its sealed argument opened.
wire::AgentStepOrder instructionOf(const Context& context, const model::Node& known, const Step& step)
{
    const model::NodeId& node = known.id;
    nlohmann::json arguments = wire::valueOf(step.arguments);
    if (const std::string sealed(model::findStepKind(step.name)->sealedArgument); !sealed.empty())
        arguments[sealed] =
            context.secrets.open(stepArgumentPlace(node, sealed), {wire::textMember(arguments, sealed)});
    return {step.id.uuid, step.name, wire::canonical(arguments),
            wire::toJson(rulesFor(step, known, context))};
}

/// Fails @p step where its agent would write disks that the node skips.
void refuseOldAgent(db::Transaction& tx, const Context& context, const model::NodeId& node, Step step)
{
    step.errorCode = model::toText(ErrorCode::AgentFailed);
    step.errorMessage = "the agent does not know properties/skip_block_devices";
    step.errorHint = "the RAM disk is older than bmd: build it again";
    db::OperationRepository{}.updateStep(tx, step);
    recordEvent(tx, context.clock.now(), node, model::EventKind::AgentFailed, step.name, "{}",
                step.operation);
    makeDueNow(tx, context, step.operation);
}

/// Stores the agent's report in the step's row. The report of a step's end makes its operation due.
void takeReport(db::Transaction& tx, const Context& context, const model::NodeId& node, Step step,
                const wire::AgentStepReport& report)
{
    const auto bytesDone = static_cast<std::int64_t>(report.bytesDone);
    tx.afterCommit([&meters = context.meters, before = step.bytesDone, bytesDone] {
        meters.written(before, bytesDone);
    });
    step.bytesDone = bytesDone;
    step.bytesTotal = std::max(step.bytesTotal, static_cast<std::int64_t>(report.bytesTotal));
    step.message = report.message;
    if (report.state == AgentStepState::Done) {
        nlohmann::json result =
            wire::parseObject(report.result.text.empty() ? "{}" : report.result.text, "step result");
        result["reported"] = true;
        step.result = wire::canonical(result);
    } else if (report.state == AgentStepState::Failed) {
        const wire::AgentError error = report.error.value_or(wire::AgentError{});
        step.errorCode = error.code.empty() ? model::toText(ErrorCode::AgentFailed) : error.code;
        step.errorMessage = error.message;
        step.errorHint = error.hint;
    }
    const bool ended = report.state != AgentStepState::Running;
    db::OperationRepository{}.updateStep(tx, step);
    if (ended) {
        recordEvent(tx, context.clock.now(), node,
                    report.state == AgentStepState::Done ? model::EventKind::AgentDone
                                                         : model::EventKind::AgentFailed,
                    step.name, "{}", step.operation);
        makeDueNow(tx, context, step.operation);
    }
}

bool isOpen(const Step& step)
{
    return step.state == StepState::Waiting && step.errorCode.empty() &&
           !wire::valueOf(step.result).contains("reported");
}

struct Offered {
    std::optional<Step> step;
    bool abort = false;
};

/// Takes @p report, then returns the agent's next step.
Offered offer(db::Transaction& tx, const Context& context, const model::NodeId& node,
              const std::optional<wire::AgentStepReport>& report)
{
    const db::OperationRepository operations;
    const std::optional<model::Operation> operation = operations.current(tx, node);
    if (!operation)
        return {};
    for (const Step& step : operations.steps(tx, operation->id)) {
        const model::StepKind* kind = model::findStepKind(step.name);
        if (kind == nullptr || !kind->inBand() || !isOpen(step))
            continue;
        if (report && report->id == step.id.uuid) {
            takeReport(tx, context, node, step, *report);
            if (report->state != AgentStepState::Running)
                return {{}, operation->abortRequested};
        }
        return {operation->abortRequested ? std::nullopt : std::optional<Step>(step),
                operation->abortRequested};
    }
    return {{}, operation->abortRequested};
}

} // namespace

namespace {

/// The settings of the operation's rollout, else those of bmd.
RelaySettings relaySettings(db::Transaction& tx, const Context& context, const model::Operation& operation,
                            std::string& copyGroup)
{
    RelaySettings settings = context.settings.relay;
    const std::optional<model::Rollout> rollout =
        operation.rollout.uuid.empty() ? std::nullopt : db::RolloutRepository{}.find(tx, operation.rollout);
    const nlohmann::json request = rollout ? wire::valueOf(rollout->request) : nlohmann::json::object();
    if (!request.contains("relay"))
        return settings;
    const nlohmann::json& own = request.at("relay");
    copyGroup = rollout->id.uuid;
    settings.enabled = own.value("enabled", settings.enabled);
    settings.chains = own.value("chains", settings.chains);
    settings.cacheBytes = own.value("cache_mib", settings.cacheBytes >> 20U) << 20U;
    settings.order = relayOrderFromText(wire::textMember(own, "order")).value_or(settings.order);
    return settings;
}

/// The node's place in a chain, when its step copies an image.
std::optional<wire::AgentRelayPlan> relayPlan(db::Transaction& tx, const Context& context,
                                              RelayCoordinator& relay, const model::Operation& operation,
                                              const Step& step, const ReceivedExchange& exchange)
{
    if (!model::findStepKind(step.name)->usesRelay())
        return std::nullopt;
    const std::string contentId = wire::fromJson<wire::ImageCopy>(step.arguments.text, step.name).image.id;
    if (contentId.empty())
        return std::nullopt;
    if (relay.knows(operation.node.uuid, contentId))
        return relay.exchange(operation.node.uuid, exchange.peerAddress,
                              exchange.message.relay.value_or(wire::AgentRelayReport{}));
    RelayNode node;
    node.settings = relaySettings(tx, context, operation, node.copyGroup);
    if (!node.settings.enabled)
        return std::nullopt;
    const model::Node known = findNode(tx, operation.node.uuid);
    node.uuid = known.id.uuid;
    node.name = known.name;
    node.rack = wire::textMember(wire::valueOf(known.properties), "rack");
    node.address = exchange.peerAddress;
    return relay.join(node, contentId);
}

/// Records each source that the agent left, with its reason.
void recordRelayLeft(db::Transaction& tx, const Context& context, const model::Operation& operation,
                     const ReceivedExchange& exchange)
{
    if (!exchange.message.relay)
        return;
    for (const wire::AgentRelayReport::Left& left : exchange.message.relay->left)
        recordCaused(tx, context,
                     {.kind = model::EventKind::RelayLeft,
                      .node = operation.node,
                      .peer = exchange.peerAddress,
                      .message = left.source + ": " + left.reason,
                      .operation = operation.id});
}

} // namespace

AgentService::AgentService(Context context, RelayCoordinator& relay)
    : context_(std::move(context)), relay_(relay)
{}

namespace {

/// Returns the record with a token: the existing token for its nonce, a new one for the first nonce with the
/// secret.
/// @throws Error Forbidden
db::AgentRecord tradeSecret(const Context& context, db::AgentRecord record, const std::string& secret,
                            const std::string& nonce)
{
    if (record.bootSecretHash.empty() ||
        !platform::equalSecrets(record.bootSecretHash, platform::sha256Hex(secret)))
        throw Error(ErrorCode::Forbidden, "the boot secret is not the secret of this boot",
                    "if bm did not start the machine, start it by: bm provision or bm power");
    const std::string nonceHash = platform::sha256Hex(nonce);
    if (record.nonceHash.empty()) {
        record.nonceHash = nonceHash;
        record.tokenSealed = context.secrets.seal(agentTokenPlace(record.node), platform::randomHex(32));
    } else if (!platform::equalSecrets(record.nonceHash, nonceHash)) {
        throw Error(ErrorCode::Forbidden, "the boot secret was already traded by another agent",
                    "another host on the provisioning network may have read it; see docs/security.md");
    }
    return record;
}

} // namespace

AgentGrant AgentService::lookup(const std::vector<std::string>& macs, const std::string& nodeUuid,
                                const std::string& secret, const std::string& nonce,
                                const std::string& peerAddress)
{
    const auto traded = context_.database.write([&](db::Transaction& tx) -> std::variant<AgentGrant, Error> {
        AgentGrant grant;
        grant.node = nodeByMacsOrUuid(tx, macs, nodeUuid);
        const std::optional<db::AgentRecord> found = db::AgentRepository{}.find(tx, grant.node.id);
        if (!found || !found->bootExpectedUntil)
            throw noSuchMachine();
        try {
            db::AgentRecord record = tradeSecret(context_, *found, secret, nonce);
            record.address = peerAddress;
            db::AgentRepository{}.store(tx, record);
            grant.token = context_.secrets.open(agentTokenPlace(record.node), record.tokenSealed);
            recordCaused(tx, context_,
                         {.kind = model::EventKind::AgentLookup,
                          .node = grant.node.id,
                          .peer = peerAddress,
                          .message = "from " + peerAddress});
            return grant;
        } catch (const Error& error) { // returned, because the event of the refusal is committed
            recordCaused(tx, context_,
                         {.kind = model::EventKind::AgentRefused,
                          .node = grant.node.id,
                          .peer = peerAddress,
                          .message = error.message() + " (from " + peerAddress + ")"});
            return error;
        }
    });
    if (const Error* refused = std::get_if<Error>(&traded))
        throw Error(*refused);
    return std::get<AgentGrant>(traded);
}

void AgentService::heartbeat(const std::string& nodeUuid, const std::string& token,
                             const std::string& agentVersion, const std::string& peerAddress)
{
    context_.database.write([&](db::Transaction& tx) {
        const std::optional<model::Node> named = db::NodeRepository{}.findByName(tx, nodeUuid);
        const db::AgentRecord before = authorized(tx, context_, named ? named->id.uuid : nodeUuid, token);
        db::AgentRecord record = before;
        record.lastContactAt = context_.clock.now();
        record.version = text::shortPrintable(agentVersion, kVersionText);
        record.address = peerAddress;
        refuseOversize(record, &before);
        db::AgentRepository{}.store(tx, record);
    });
}

namespace {

/// Stores the agent's message. The first message of a boot, and one with an inventory, make @p operation due.
void recordContact(db::Transaction& tx, const Context& context, const db::AgentRecord& before,
                   const ReceivedExchange& exchange, const std::optional<model::Operation>& operation)
{
    db::AgentRecord record = before;
    const model::UtcTime now = context.clock.now();
    bool contact = record.bootId != exchange.message.bootId.substr(0, kBootIdText) || !record.lastContactAt;
    const bool returns = hasRestarted(record, context.settings, now); // after a silence; it did not restart
    record.lastContactAt = now;
    record.bootId = exchange.message.bootId.substr(0, kBootIdText);
    record.version = text::shortPrintable(exchange.message.agentVersion, kVersionText);
    record.address = exchange.peerAddress;
    if (exchange.message.inventory) {
        if (before.inventory.text != "{}") { // a disk has appeared since await_agent, or is gone
            model::Node node = findNode(tx, record.node.uuid);
            keepInventory(node, *exchange.message.inventory);
            db::NodeRepository{}.update(tx, node);
        }
        record.inventory = *exchange.message.inventory;
        contact = true;
    }
    refuseOversize(record, &before);
    if (operation && record.bootExpectedUntil) // a long copy keeps its window open
        record.bootExpectedUntil =
            std::max(*record.bootExpectedUntil, now + context.settings.callbackTimeout);
    db::AgentRepository{}.store(tx, record);
    if (contact)
        recordCaused(tx, context,
                     {.kind = model::EventKind::AgentContact,
                      .node = record.node,
                      .peer = exchange.peerAddress,
                      .message = "agent " + record.version + " at " + exchange.peerAddress,
                      .operation = operation ? operation->id : model::OperationId{}});
    if (operation && (contact || returns))
        makeDueNow(tx, context, operation->id);
}

wire::AgentExchangeAnswer instruct(db::Transaction& tx, const Context& context, RelayCoordinator& relay,
                                   const model::NodeId& node, const ReceivedExchange& exchange,
                                   const std::optional<model::Operation>& operation)
{
    const Offered offered = offer(tx, context, node, exchange.message.step);
    wire::AgentExchangeAnswer answer;
    answer.abort = offered.abort;
    if (offered.step) {
        const model::Node known = findNode(tx, node.uuid);
        const bool writes = model::findStepKind(offered.step->name)->destroysData();
        if (writes && skipsDisks(known) && !exchange.message.keepsDiskRules)
            refuseOldAgent(tx, context, node, *offered.step);
        else
            answer.step = instructionOf(context, known, *offered.step);
    }
    if (operation && answer.step)
        answer.relay = relayPlan(tx, context, relay, *operation, *offered.step, exchange);
    if (operation)
        recordRelayLeft(tx, context, *operation, exchange);
    const std::chrono::milliseconds pace =
        operation ? std::min(context.settings.agentPace, kIdlePace) : kIdlePace;
    answer.callAgainMs = static_cast<std::uint64_t>(pace.count());
    return answer;
}

/// Takes the agent's last relay report and ends its place in the chain.
void endRelay(conductor::RelayCoordinator& relay, const std::string& nodeUuid,
              const ReceivedExchange& exchange)
{
    if (exchange.message.relay)
        relay.exchange(nodeUuid, exchange.peerAddress, *exchange.message.relay);
    relay.ended(nodeUuid, exchange.message.step->state == AgentStepState::Done);
}

} // namespace

wire::AgentExchangeAnswer AgentService::exchange(const std::string& nodeUuid, const std::string& token,
                                                 const wire::AgentExchangeRequest& message,
                                                 const std::string& peerAddress)
{
    const ReceivedExchange exchange{message, peerAddress};
    const bool ended = exchange.message.step && exchange.message.step->state != AgentStepState::Running;
    wire::AgentExchangeAnswer instruction = context_.database.write([&](db::Transaction& tx) {
        const db::AgentRecord record = authorized(tx, context_, nodeUuid, token);
        const model::NodeId node{nodeUuid};
        const std::optional<model::Operation> operation = db::OperationRepository{}.current(tx, node);
        recordContact(tx, context_, record, exchange, operation);
        return instruct(tx, context_, relay_, node, exchange, operation);
    });
    if (!exchange.message.log.empty())
        platform::logDebug("agent", "{}: {}", nodeUuid, exchange.message.log.substr(0, kLogTailLimit));
    if (ended)
        endRelay(relay_, nodeUuid, exchange);
    return instruction;
}

std::string AgentService::continueInspection(const std::vector<std::string>& macs,
                                             const std::string& nodeUuid, const std::string& inventoryJson,
                                             const std::string& peerAddress)
{
    nlohmann::json result = {{"inventory", wire::parseObject(inventoryJson, "inventory")},
                             {"reported", true}};
    return context_.database.write([&](db::Transaction& tx) {
        const model::Node node = nodeByMacsOrUuid(tx, macs, nodeUuid);
        const std::optional<db::AgentRecord> agent = db::AgentRepository{}.find(tx, node.id);
        const std::optional<model::Operation> operation = db::OperationRepository{}.current(tx, node.id);
        const db::OperationRepository operations;
        if (operation && agent && agent->address == peerAddress)
            for (Step step : operations.steps(tx, operation->id))
                if (step.name == model::stepKind("inspect").name && isOpen(step)) {
                    step.result = wire::canonical(result);
                    operations.updateStep(tx, step);
                    makeDueNow(tx, context_, operation->id);
                    return node.id.uuid;
                }
        throw noSuchMachine();
    });
}

std::string AgentService::configDrive(const std::string& nodeUuid, const std::string& token,
                                      const std::string& peerAddress)
{
    return context_.database.read([&](db::Transaction& tx) {
        const db::AgentRecord record = authorized(tx, context_, nodeUuid, token);
        requireKnownMachine(tx, findNode(tx, nodeUuid), record.inventory);
        requireDriveAccess(tx, context_, record.node, peerAddress);
        const std::optional<model::SealedText> sealed =
            db::ConfigDriveRepository{}.find(tx, model::NodeId{nodeUuid});
        if (!sealed)
            throw Error(ErrorCode::NotFound, "node " + nodeUuid + " has no config drive");
        return context_.secrets.open(configDrivePlace(record.node), *sealed);
    });
}

void AgentService::authorize(const std::string& nodeUuid, const std::string& token) const
{
    context_.database.read([&](db::Transaction& tx) { authorized(tx, context_, nodeUuid, token); });
}

void AgentService::authorizeAny(const std::string& token) const
{
    context_.database.read([&](db::Transaction& tx) { authorizedAny(tx, context_, token); });
}

void AgentService::authorizeContent(const std::string& token, const std::string& contentId) const
{
    context_.database.read([&](db::Transaction& tx) {
        const db::AgentRecord record = authorizedAny(tx, context_, token);
        if (!model::isContentId(contentId) || !copiesContent(tx, record.node, contentId))
            throw Error(ErrorCode::NotFound,
                        "this node copies no image with the content " + contentId.substr(0, 80));
    });
}

} // namespace bm::conductor
