#include "api/access/shown.h"

#include "api/access/access.h"
#include "api/core/route_idents.h"
#include "common/model/event_kinds.h"
#include "common/wire/json/json_input.h"
#include "common/wire/json/stored_json.h"
#include "conductor/core/nodes.h"
#include "db/repositories/node_repository.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <map>
#include <nlohmann/json.hpp>

namespace bm::api {

using http::Request;
using model::Error;
using model::ErrorCode;
using model::Node;

namespace {

constexpr const char* kAskOwner = "a member of the owner's project sees the reason";

/// Failures whose message names the BMC.
constexpr auto kBmcCodes = std::to_array<ErrorCode>(
    {ErrorCode::BmcUnreachable, ErrorCode::BmcAuthFailed, ErrorCode::BmcBusy, ErrorCode::BmcUnsupported,
     ErrorCode::BmcSessionLimit, ErrorCode::BmcRejected, ErrorCode::BmcBadReply, ErrorCode::BmcResting});

bool isOfBmc(const Error& error)
{
    return std::ranges::find(kBmcCodes, error.code()) != kBmcCodes.end();
}

/// True if @p text has a value of driver_info that says where the BMC is.
bool namesBmc(const ApiParts& parts, const Node& node, std::string_view text)
{
    const nlohmann::json driverInfo = wire::valueOf(node.driverInfo);
    for (const auto& [key, value] : driverInfo.items()) {
        const std::string part = wire::textMember(driverInfo, key);
        const bool isNumber = std::ranges::all_of(part, [](unsigned char c) { return std::isdigit(c) != 0; });
        const std::size_t least = isNumber ? 5 : 3; // a port's number is in many texts
        if (parts.context.hardware.guardsSecrets(node.driver, key) && part.size() >= least &&
            text.find(part) != std::string_view::npos)
            return true;
    }
    return false;
}

std::optional<Node> findVisible(const ApiParts& parts, const Request& request, const model::NodeId& id)
{
    std::optional<Node> node =
        parts.context.database.read([&](db::Transaction& tx) { return db::NodeRepository{}.find(tx, id); });
    if (node && !maySee(request, *node))
        node.reset();
    return node;
}

bool isAboutNode(const Request& request)
{
    return request.route.starts_with("/v1/nodes/{ident}");
}

Error withHolder(const ApiParts& parts, const Request& request, const conductor::TakenError& taken)
{
    const std::optional<Node> holder = findVisible(parts, request, taken.holder());
    if (!holder)
        return {taken.code(), taken.message(), taken.hint()};
    const std::string name = holder->name.empty() ? holder->id.uuid : holder->name;
    const std::string hint = "node " + name + " has it: bm node show " + name;
    return {taken.code(), taken.message(), taken.hint().empty() ? hint : taken.hint() + "; " + hint};
}

/// @p error as the actor, who may only lease @p node, reads it.
std::optional<Error> ofNode(const ApiParts& parts, const Request& request, const Node& node,
                            const Error& error)
{
    if (!maySee(request, node) || !isRedacted(request, node))
        return std::nullopt;
    if (isOfBmc(error))
        return Error(error.code(), kHiddenText, kAskOwner);
    const std::string message = shownText(parts, request, node, error.message());
    const std::string hint = shownText(parts, request, node, error.hint());
    if (message == error.message() && hint == error.hint())
        return std::nullopt;
    return Error(error.code(), message, hint == error.hint() ? hint : kAskOwner);
}

void hideFailure(const std::string& code, std::string& message, std::string& hint)
{
    if (code.empty())
        return;
    message = kHiddenText;
    hint = kAskOwner;
}

} // namespace

void showOperation(const Request& request, const Node& node, model::Operation& operation,
                   std::vector<model::Step>& steps)
{
    if (!isRedacted(request, node))
        return;
    operation.request = {};
    if (operation.actor != request.actor)
        operation.actor.clear();
    hideFailure(operation.errorCode, operation.errorMessage, operation.errorHint);
    for (model::Step& step : steps) {
        step.message.clear();
        step.arguments = {};
        step.result = {};
        hideFailure(step.errorCode, step.errorMessage, step.errorHint);
    }
}

model::NodeEvent shownEvent(const Request& request, model::NodeEvent event)
{
    constexpr std::string_view kServer = "server: ";
    if (request.grant.ofSystem() || event.kind != model::toText(model::EventKind::RelayLeft) ||
        event.message.starts_with(kServer))
        return event;
    const std::size_t reason = event.message.rfind(": ");
    event.message = "another node" + (reason == std::string::npos ? "" : event.message.substr(reason));
    return event;
}

model::Allocation shownAllocation(const ApiParts& parts, const Request& request, model::Allocation allocation)
{
    if (request.grant.ofSystem())
        return allocation;
    std::map<std::string, bool> known; // one look-up a node
    const auto visible = [&](const std::string& uuid) {
        const auto [at, isNew] = known.try_emplace(uuid, false);
        if (isNew)
            at->second = findVisible(parts, request, model::NodeId{uuid}).has_value();
        return at->second;
    };
    if (!allocation.node.empty() && !visible(allocation.node.uuid))
        allocation.node = {};
    nlohmann::json shown = nlohmann::json::array();
    for (const nlohmann::json& uuid : wire::valueOf(allocation.candidateNodes))
        if (uuid.is_string() && visible(uuid.get<std::string>()))
            shown.push_back(uuid);
    allocation.candidateNodes = wire::canonical(shown);
    return allocation;
}

std::string shownText(const ApiParts& parts, const Request& request, const Node& node,
                      const std::string& text)
{
    return isRedacted(request, node) && namesBmc(parts, node, text) ? kHiddenText : text;
}

std::optional<Error> shownError(const ApiParts& parts, const Request& request, const Error& error)
{
    const auto* const taken = dynamic_cast<const conductor::TakenError*>(&error);
    const bool isPlain = request.grant.ofSystem() || !isAboutNode(request);
    if (taken == nullptr && isPlain)
        return std::nullopt;
    try {
        if (taken != nullptr)
            return withHolder(parts, request, *taken);
        return ofNode(parts, request, parts.nodes.get(identOf(request)), error);
    } catch (const Error&) { // the node is unknown, or the database does not answer
        return isOfBmc(error) ? std::optional(Error(error.code(), kHiddenText, kAskOwner)) : std::nullopt;
    }
}

} // namespace bm::api
