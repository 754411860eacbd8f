#include "conductor/fleet/selection/rollout_request.h"

#include "common/model/duration.h"
#include "common/model/error.h"
#include "common/text/names.h"
#include "common/wire/json/json_input.h"
#include "conductor/core/relay_settings.h"
#include "conductor/fleet/selection/gate_url.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace bm::conductor::fleet {

using model::Error;
using model::ErrorCode;
using nlohmann::json;

namespace {

constexpr std::int64_t kMostNodes = 1'000'000;
constexpr std::int32_t kMostAttempts = 20;
constexpr std::int64_t kMostChains = 1000;
constexpr std::int64_t kMostCacheMib = 16384;

template <class Enum, std::size_t N>
Enum choice(const json& body, std::string_view key, std::string_view field, Enum otherwise,
            const std::array<std::string_view, N>& texts)
{
    const std::string text = wire::stringMember(body, key);
    if (text.empty())
        return otherwise;
    for (std::size_t i = 0; i < N; ++i)
        if (texts.at(i) == text)
            return static_cast<Enum>(i);
    throw Error(ErrorCode::InvalidInput, fmt::format("{}: \"{}\" is not known", field, text.substr(0, 80)),
                fmt::format("one of: {}", fmt::join(texts, ", ")));
}

std::size_t numberIn(const json& body, std::string_view key, std::size_t otherwise)
{
    const json* value = wire::memberOf(body, key);
    return value != nullptr ? static_cast<std::size_t>(wire::asInteger(*value, key, 0, kMostNodes))
                            : otherwise;
}

bool flagIn(const json& body, std::string_view key)
{
    const json* value = wire::memberOf(body, key);
    return value != nullptr && wire::asBoolean(*value, key);
}

std::chrono::milliseconds spanIn(const json& body, std::string_view key, std::string_view field,
                                 std::chrono::milliseconds otherwise)
{
    const json* value = wire::memberOf(body, key);
    return value != nullptr ? model::requireDuration(wire::asString(*value, field), field) : otherwise;
}

FailureBudget budgetIn(const json& body)
{
    FailureBudget budget = RolloutRequest{}.maxFail;
    const json* value = wire::memberOf(body, "max_fail");
    if (value == nullptr)
        return budget;
    std::string text = value->is_number_integer() ? value->dump() : wire::asString(*value, "max_fail");
    budget.percent = text.ends_with('%');
    if (budget.percent)
        text.pop_back();
    const bool digits = !text.empty() && text.size() < 8 && std::all_of(text.begin(), text.end(), [](char c) {
        return std::isdigit(static_cast<unsigned char>(c)) != 0;
    });
    budget.value = digits ? std::stoll(text) : -1;
    if (budget.value < 0 || (budget.percent && budget.value > 100))
        throw Error(ErrorCode::InvalidInput, "max_fail: expected a count or a percentage of the nodes",
                    R"("max_fail": 3 or "max_fail": "5%")");
    return budget;
}

void requireHttpUrl(const std::string& url, std::string_view field)
{
    if (!url.starts_with("http://") && !url.starts_with("https://"))
        throw Error(ErrorCode::InvalidInput,
                    fmt::format("{}: expected an http:// or https:// address", field));
}

DrainGate drainIn(const json& body)
{
    DrainGate gate;
    const json* drain = wire::memberOf(body, "drain");
    if (drain == nullptr)
        return gate;
    if (!drain->is_object())
        throw Error(ErrorCode::InvalidInput, "drain: expected an object", R"({"url": "http://..."})");
    wire::refuseUnknown(*drain, {"url", "command", "deadline", "interval"}, "drain");
    gate.url = wire::stringMember(*drain, "url");
    gate.command = wire::stringMember(*drain, "command");
    if (gate.url.empty() == gate.command.empty())
        throw Error(ErrorCode::InvalidInput, "drain: expected either url or command",
                    "a command is the name of a program in the server's folder of gates");
    if (!gate.url.empty())
        requireHttpUrl(gate.url, "drain.url");
    if (gate.command.find('/') != std::string::npos || gate.command.starts_with('.'))
        throw Error(ErrorCode::InvalidInput, "drain.command: expected the name of a program, not a path",
                    "the folder is the server's rollouts.gates_folder");
    gate.deadline = spanIn(*drain, "deadline", "drain.deadline", gate.deadline);
    gate.interval = std::max<std::chrono::milliseconds>(
        spanIn(*drain, "interval", "drain.interval", gate.interval), std::chrono::milliseconds{100});
    return gate;
}

std::uint16_t portIn(const json& health, std::string_view key)
{
    return static_cast<std::uint16_t>(
        wire::asInteger(health.at(std::string(key)), fmt::format("health.{}", key), 1, 65535));
}

HealthGate healthIn(const json& body)
{
    HealthGate gate;
    const json* health = wire::memberOf(body, "health");
    if (health == nullptr)
        return gate;
    if (!health->is_object())
        throw Error(ErrorCode::InvalidInput, "health: expected an object", R"({"ssh": 22})");
    wire::refuseUnknown(*health, {"tcp", "http", "ssh", "phone_home", "deadline", "interval", "on_failure"},
                        "health");
    int kinds = 0;
    const auto given = [&](std::string_view key, HealthKind kind) {
        if (wire::memberOf(*health, key) == nullptr)
            return false;
        gate.kind = kind;
        ++kinds;
        return true;
    };
    if (given("tcp", HealthKind::Tcp))
        gate.port = portIn(*health, "tcp");
    if (given("ssh", HealthKind::Ssh))
        gate.port = portIn(*health, "ssh");
    if (given("http", HealthKind::Http)) {
        gate.url = wire::stringMember(*health, "http");
        requireHttpUrl(gate.url, "health.http");
    }
    if (flagIn(*health, "phone_home"))
        given("phone_home", HealthKind::PhoneHome);
    if (kinds != 1)
        throw Error(ErrorCode::InvalidInput, "health: expected one of tcp, http, ssh and phone_home",
                    R"({"tcp": 80}, {"http": "http://{address}/"}, {"ssh": 22} or {"phone_home": true})");
    gate.deadline = spanIn(*health, "deadline", "health.deadline", gate.deadline);
    gate.interval = std::max<std::chrono::milliseconds>(
        spanIn(*health, "interval", "health.interval", gate.interval), std::chrono::milliseconds{100});
    gate.onFailure = choice<OnUnhealthy>(*health, "on_failure", "health.on_failure", OnUnhealthy::Stop,
                                         std::array<std::string_view, 3>{"stop", "restore", "continue"});
    return gate;
}

void readLimits(RolloutRequest& request, const json& body)
{
    request.count = numberIn(body, "count", 0);
    request.maxParallel = numberIn(body, "max_parallel", 0);
    request.maxPerRack = numberIn(body, "max_per_rack", 0);
    request.canary = numberIn(body, "canary", 0);
    request.waveGrowth = numberIn(body, "wave_growth", request.waveGrowth);
    request.maxFail = budgetIn(body);
    if (const json* attempts = wire::memberOf(body, "attempts"))
        request.attempts =
            static_cast<std::int32_t>(wire::asInteger(*attempts, "attempts", 1, kMostAttempts));
    request.retryDelay = spanIn(body, "retry_delay", "retry_delay", request.retryDelay);
    if (wire::memberOf(body, "if_older_than") != nullptr)
        request.ifOlderThan = spanIn(body, "if_older_than", "if_older_than", {});
    if (const json* before = wire::memberOf(body, "start_before_ms"))
        request.startBefore = model::fromMillis(wire::asInteger(*before, "start_before_ms", 0, INT64_MAX));
}

void readSelection(RolloutRequest& request, const json& body)
{
    request.selector = selectorFromText(wire::stringMember(body, "select"));
    if (const json* nodes = wire::memberOf(body, "nodes"))
        request.nodes = wire::asStrings(*nodes, "nodes");
    request.all = flagIn(body, "all");
    if (request.selector.empty() && request.nodes.empty() && !request.all && numberIn(body, "count", 0) == 0)
        throw Error(ErrorCode::InvalidInput, "no nodes are selected",
                    R"("select": "class=web,rack=r1..r4", "nodes": [...], "count": 20 or "all": true)");
}

void readDeploy(RolloutRequest& request, const json& body)
{
    const json* deploy = wire::memberOf(body, "deploy");
    if (deploy == nullptr)
        return;
    if (deploy->is_object() && deploy->contains("image"))
        throw Error(ErrorCode::InvalidInput, "deploy.image: a rollout has one image for all nodes",
                    "name it in image");
    request.deploy = wire::provisionFromBody(*deploy);
    request.deployBody = wire::canonical(*deploy).text;
}

/// Only checked here: the agent service reads it from the stored request.
void checkRelay(const json& body)
{
    const json* relay = wire::memberOf(body, "relay");
    if (relay == nullptr)
        return;
    if (!relay->is_object())
        throw Error(ErrorCode::InvalidInput, "relay: expected an object",
                    R"({"chains": 2, "order": "rack"})");
    wire::refuseUnknown(*relay, {"enabled", "chains", "cache_mib", "order"}, "relay");
    flagIn(*relay, "enabled");
    if (const json* chains = wire::memberOf(*relay, "chains"))
        wire::asInteger(*chains, "relay.chains", 0, kMostChains);
    if (const json* cache = wire::memberOf(*relay, "cache_mib"))
        wire::asInteger(*cache, "relay.cache_mib", 0, kMostCacheMib);
    choice<RelayOrder>(*relay, "order", "relay.order", RelayOrder::Rack,
                       std::array<std::string_view, 3>{"rack", "address", "join"});
}

void checkName(const std::string& name)
{
    const bool fits = name.size() <= 128 && std::all_of(name.begin(), name.end(), [](char c) {
                          return std::isalnum(static_cast<unsigned char>(c)) != 0 ||
                                 std::string_view{"-._"}.find(c) != std::string_view::npos;
                      });
    if (!fits || model::isUuid(name))
        throw Error(ErrorCode::InvalidInput,
                    fmt::format("name: \"{}\" is not a valid name", name.substr(0, 80)),
                    "letters, digits and - . _ ; not in the form of a uuid");
}

} // namespace

RolloutRequest rolloutRequestFrom(const std::string& text)
{
    json body = wire::parseObject(text);
    wire::refuseUnknown(body,
                        {"name",        "image",        "select",        "nodes",           "count",
                         "all",         "plan",         "max_parallel",  "max_per_rack",    "canary",
                         "wave_growth", "max_fail",     "order",         "attempts",        "retry_delay",
                         "force",       "allow_unseen", "if_older_than", "start_before_ms", "drain",
                         "health",      "deploy",       "relay"},
                        "rollout");
    RolloutRequest request;
    request.name = wire::stringMember(body, "name");
    checkName(request.name);
    request.image = wire::stringMember(body, "image");
    if (request.image.empty())
        throw Error(ErrorCode::InvalidInput, "image: required", R"({"image": "web:stable", ...})");
    readSelection(request, body);
    readLimits(request, body);
    request.planOnly = flagIn(body, "plan");
    request.force = flagIn(body, "force");
    request.allowUnseen = flagIn(body, "allow_unseen");
    request.order = choice<RolloutOrder>(body, "order", "order", RolloutOrder::Name,
                                         std::array<std::string_view, 3>{"name", "rack", "last-imaged"});
    request.drain = drainIn(body);
    request.health = healthIn(body);
    readDeploy(request, body);
    checkRelay(body);
    body.erase("deploy");
    request.body = wire::canonical(body);
    return request;
}

void checkNewRollout(const RolloutRequest& request)
{
    if (text::isOption(request.name))
        throw Error(ErrorCode::InvalidInput,
                    fmt::format("name: \"{}\" begins with -", request.name.substr(0, 80)),
                    "programs would read it as an option: begin with a letter or a digit");
    if (!request.drain.url.empty())
        checkGateUrl(request.drain.url, "drain.url");
    if (request.health.kind == HealthKind::Http)
        checkGateUrl(request.health.url, "health.http");
}

} // namespace bm::conductor::fleet
