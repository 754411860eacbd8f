#include "common/wire/agent_exchange.h"

#include "common/wire/json_reader.h"

namespace bm::wire {

using model::Error;
using model::ErrorCode;
using nlohmann::json;

namespace {

constexpr std::uint64_t kLongestPauseMs = 10 * 60 * 1000;

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
    json out = {{"boot_id", request.bootId}, {"agent_version", request.agentVersion}};
    if (request.inventory)
        out["inventory"] = parsed(*request.inventory);
    if (request.step)
        out["step"] = reportToJson(*request.step);
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
                       {"arguments", parsed(answer.step->arguments)}};
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
    if (in.has("inventory"))
        request.inventory = dump(in.value("inventory"));
    if (in.has("step"))
        request.step = reportFromJson(in.object("step"));
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
        if (answer.step->id.empty() || answer.step->name.empty())
            throw Error(ErrorCode::InvalidInput, "answer.step: id and name are needed");
    }
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
