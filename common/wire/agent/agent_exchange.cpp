#include "common/wire/agent/agent_exchange.h"

#include "common/wire/json/json_reader.h"

#include <algorithm>

namespace bm::wire {

using model::Error;
using model::ErrorCode;
using nlohmann::json;

namespace {

constexpr std::uint64_t kLongestPauseMs = std::uint64_t{10} * 60 * 1000;
constexpr std::size_t kMostSources = 256; ///< in one report or plan
constexpr std::size_t kLongestSource = 80;
constexpr std::uint64_t kMostBytes = INT64_MAX;

model::JsonText dump(const json& value)
{
    return {value.dump(-1, ' ', false, json::error_handler_t::replace)};
}

json parsed(const model::JsonText& text)
{
    json value = json::parse(text.text, nullptr, false);
    return value.is_discarded() ? json(nullptr) : value;
}

AgentStepState stateFromText(const std::string& text)
{
    for (const AgentStepState state : {AgentStepState::Running, AgentStepState::Done, AgentStepState::Failed})
        if (text == toText(state))
            return state;
    throw Error(ErrorCode::InvalidInput,
                "exchange.step.state: expected running, done or failed, found \"" + text + "\"");
}

AgentStepReport reportFromJson(const JsonReader& in)
{
    AgentStepReport report;
    report.id = in.text("id");
    report.state = stateFromText(in.text("state"));
    report.bytesDone = in.number("bytes_done");
    report.bytesTotal = in.number("bytes_total");
    report.message = in.text("message");
    if (in.has("result"))
        report.result = dump(in.value("result"));
    if (in.has("error")) {
        const JsonReader error = in.object("error");
        report.error = AgentError{error.text("code"), error.text("message"), error.text("hint")};
    }
    return report;
}

json reportToJson(const AgentStepReport& report)
{
    json out = {{"id", report.id},
                {"state", toText(report.state)},
                {"bytes_done", report.bytesDone},
                {"bytes_total", report.bytesTotal},
                {"message", report.message}};
    if (report.state == AgentStepState::Done)
        out["result"] = parsed(report.result);
    if (report.error)
        out["error"] = {
            {"code", report.error->code}, {"message", report.error->message}, {"hint", report.error->hint}};
    return out;
}

json relayToJson(const AgentRelayReport& report)
{
    json left = json::array();
    for (const AgentRelayReport::Left& one : report.left)
        left.push_back({{"source", one.source}, {"reason", one.reason}});
    return {{"port", report.port},
            {"source", report.source},
            {"slow", report.slow},
            {"bytes_per_second", report.bytesPerSecond},
            {"bytes_from", report.bytesFrom},
            {"bytes_served", report.bytesServed},
            {"children", report.children},
            {"left", left}};
}

AgentRelayReport relayReportFromJson(const JsonReader& in)
{
    AgentRelayReport report;
    report.port = in.numberAs<std::uint16_t>("port");
    report.source = in.text("source").substr(0, kLongestSource);
    report.slow = in.flag("slow");
    report.bytesPerSecond = in.number("bytes_per_second", 0);
    report.bytesServed = in.number("bytes_served", 0);
    report.children =
        static_cast<std::uint32_t>(std::min<std::uint64_t>(in.number("children", 0), 1'000'000));
    const json& from = in.value("bytes_from");
    if (from.is_object())
        for (const auto& [source, bytes] : from.items())
            if (bytes.is_number_unsigned() && report.bytesFrom.size() < kMostSources)
                report.bytesFrom[source.substr(0, kLongestSource)] =
                    std::min(bytes.get<std::uint64_t>(), kMostBytes);
    const json& left = in.value("left");
    if (left.is_array())
        for (const json& one : left) {
            if (!one.is_object() || report.left.size() >= kMostSources)
                continue;
            const JsonReader entry(one, "relay.left");
            report.left.push_back({entry.text("source").substr(0, kLongestSource),
                                   entry.text("reason").substr(0, kLongestSource)});
        }
    return report;
}

json planToJson(const AgentRelayPlan& plan)
{
    return {{"token", plan.token},
            {"sources", plan.sources},
            {"bytes_per_second", plan.bytesPerSecond},
            {"port", plan.port},
            {"cache_bytes", plan.cacheBytes}};
}

AgentRelayPlan planFromJson(const JsonReader& in)
{
    AgentRelayPlan plan;
    plan.token = in.text("token");
    plan.port = in.numberAs<std::uint16_t>("port");
    plan.bytesPerSecond = in.number("bytes_per_second", 0);
    plan.cacheBytes = in.number("cache_bytes", 0);
    const json& sources = in.value("sources");
    if (sources.is_array())
        for (const json& source : sources)
            if (source.is_string() && plan.sources.size() < kMostSources)
                plan.sources.push_back(source.get<std::string>());
    return plan;
}

} // namespace

std::string_view toText(AgentStepState state) noexcept
{
    switch (state) {
    case AgentStepState::Running:
        return "running";
    case AgentStepState::Done:
        return "done";
    case AgentStepState::Failed:
        return "failed";
    }
    return "?";
}

model::JsonText toJson(const AgentExchangeRequest& request)
{
    json out = {{"boot_id", request.bootId},
                {"agent_version", request.agentVersion},
                {"keeps_disk_rules", request.keepsDiskRules}};
    if (request.inventory)
        out["inventory"] = parsed(*request.inventory);
    if (request.step)
        out["step"] = reportToJson(*request.step);
    if (request.relay)
        out["relay"] = relayToJson(*request.relay);
    if (!request.log.empty())
        out["log"] = request.log;
    return dump(out);
}

model::JsonText toJson(const AgentExchangeAnswer& answer)
{
    json out = {{"call_again_ms", answer.callAgainMs}, {"abort", answer.abort}, {"step", nullptr}};
    if (answer.step)
        out["step"] = {{"id", answer.step->id},
                       {"name", answer.step->name},
                       {"arguments", parsed(answer.step->arguments)},
                       {"disk_rules", parsed(answer.step->diskRules)}};
    if (answer.relay)
        out["relay"] = planToJson(*answer.relay);
    return dump(out);
}

AgentExchangeRequest agentExchangeRequestFromJson(std::string_view text)
{
    const json value = parseObject(text, "exchange");
    const JsonReader in(value, "exchange");
    AgentExchangeRequest request;
    request.bootId = in.text("boot_id");
    request.agentVersion = in.text("agent_version");
    request.log = in.text("log");
    request.keepsDiskRules = in.flag("keeps_disk_rules");
    if (in.has("inventory"))
        request.inventory = dump(in.value("inventory"));
    if (in.has("step"))
        request.step = reportFromJson(in.object("step"));
    if (in.has("relay"))
        request.relay = relayReportFromJson(in.object("relay"));
    return request;
}

AgentExchangeAnswer agentExchangeAnswerFromJson(std::string_view text)
{
    const json value = parseObject(text, "answer");
    const JsonReader in(value, "answer");
    AgentExchangeAnswer answer;
    answer.callAgainMs = std::min(in.number("call_again_ms", 1000), kLongestPauseMs);
    answer.abort = in.flag("abort");
    if (in.has("step")) {
        const JsonReader step = in.object("step");
        answer.step = AgentStepOrder{step.text("id"), step.text("name"), dump(step.value("arguments"))};
        if (step.has("disk_rules"))
            answer.step->diskRules = dump(step.value("disk_rules"));
        if (answer.step->id.empty() || answer.step->name.empty())
            throw Error(ErrorCode::InvalidInput, "answer.step: id and name are needed");
    }
    if (in.has("relay"))
        answer.relay = planFromJson(in.object("relay"));
    return answer;
}

AgentLookupAnswer agentLookupAnswerFromJson(std::string_view text)
{
    const json value = parseObject(text, "lookup");
    const JsonReader in(value, "lookup");
    AgentLookupAnswer answer;
    answer.nodeUuid = in.object("node").text("uuid");
    answer.token = in.object("config").text("agent_token");
    answer.heartbeatTimeoutSeconds = in.object("config").number("heartbeat_timeout", 300);
    if (answer.nodeUuid.empty() || answer.token.empty())
        throw Error(ErrorCode::InvalidInput, "lookup: node.uuid and config.agent_token are needed");
    return answer;
}

} // namespace bm::wire
