#include "conductor/fleet/rollouts/gates.h"

#include "common/model/error.h"
#include "common/platform/http_client.h"
#include "common/platform/log.h"
#include "common/platform/network_probe.h"
#include "common/text/host_address.h"
#include "common/text/names.h"
#include "common/text/printable.h"
#include "common/text/text.h"
#include "conductor/fleet/selection/gate_url.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace bm::conductor::fleet {

using model::Error;
using model::ErrorCode;
using nlohmann::json;
using Verdict = GateAnswer::Verdict;

namespace {

constexpr std::chrono::seconds kAskDeadline{10};
constexpr int kTryLater = 75; // EX_TEMPFAIL of sysexits.h
constexpr std::size_t kMostDetail = 300;
constexpr std::size_t kMostAddress = 80; ///< bytes of a refused value in a message

std::string shortened(std::string text)
{
    while (!text.empty() && (text.back() == '\n' || text.back() == '\r' || text.back() == ' '))
        text.pop_back();
    return text.substr(0, kMostDetail);
}

/// A value that bm does not pass to a gate.
struct Unfit {
    Error error;
};

/// The address of the node's system; nothing when it is unknown. @throws Unfit
std::optional<text::HostAddress> addressOf(const GateQuestion& q)
{
    if (q.address.empty())
        return std::nullopt;
    std::optional<text::HostAddress> address = text::HostAddress::parseStored(q.address);
    if (!address)
        throw Unfit{{ErrorCode::InvalidInput,
                     fmt::format("properties/health_address: \"{}\" is not a host name or IP address",
                                 q.address.substr(0, kMostAddress)),
                     fmt::format("bm node set {} properties/health_address=ADDRESS, without a port or a path",
                                 q.node)}};
    return address;
}

std::string textOf(const std::optional<text::HostAddress>& address)
{
    return address ? address->text() : std::string{};
}

std::string bodyOf(const GateQuestion& q)
{
    return json{{"rollout", q.rollout},
                {"node", q.node},
                {"node_uuid", q.nodeUuid},
                {"address", textOf(addressOf(q))}}
        .dump(-1, ' ', false, json::error_handler_t::replace);
}

/// A foreign text is for system members, in the log; callers of the API see the status.
void logAnswer(const std::string& where, std::string_view answer)
{
    if (!answer.empty())
        platform::logInfo("rollout", "{} answers: {}", where, text::printable(answer.substr(0, kMostDetail)));
}

GateAnswer drainAnswer(const platform::HttpResponse& response)
{
    const std::string status = fmt::format("HTTP {}", response.status);
    if (response.status == 202 || response.status == 503 || response.status == 429)
        return {Verdict::Wait, status, platform::retryAfter(response)};
    if (response.status >= 500)
        return {Verdict::Wait, status};
    if (response.status < 200 || response.status >= 300)
        return {Verdict::Refuse, status};
    if (response.body.empty())
        return {Verdict::Go, status};
    const json body = json::parse(response.body, nullptr, false);
    const std::string answer = body.is_object() ? body.value("answer", "") : "";
    if (answer == "go")
        return {Verdict::Go, status + ": go"};
    if (answer == "wait")
        return {Verdict::Wait, status + ": wait", platform::retryAfter(response)};
    if (answer == "refuse")
        return {Verdict::Refuse, status + ": refuse"};
    return {Verdict::Wait, status + R"(, not {"answer": "go"|"wait"|"refuse"}; bmd's log has the answer)"};
}

GateAnswer askDrainUrl(const GateQuestion& q, const platform::Reach& reach, const model::Deadline& deadline)
{
    platform::HttpRequest request{reach};
    request.method = "POST";
    request.url = q.drain.url;
    request.headers.emplace_back("Content-Type", "application/json");
    request.body = bodyOf(q);
    request.bodyLimitBytes = 65536;
    const platform::HttpResponse response = platform::HttpClient{}.send(request, deadline);
    logAnswer("the drain gate of " + q.node, response.body);
    return drainAnswer(response);
}

/// The program's values, by environment and, in these places, as arguments. @throws Unfit
platform::Command drainCommand(const GateQuestion& q, const std::filesystem::path& program)
{
    const std::string address = textOf(addressOf(q));
    platform::Command command;
    command.argv = {program.string(), q.rollout, q.node, q.nodeUuid, address};
    command.env = {{"BM_GATE", "drain"},
                   {"BM_ROLLOUT", q.rollout},
                   {"BM_NODE_NAME", q.node},
                   {"BM_NODE_UUID", q.nodeUuid},
                   {"BM_NODE_ADDRESS", address}};
    for (const std::string& argument : command.argv)
        if (text::isOption(argument))
            throw Unfit{{ErrorCode::InvalidInput,
                         fmt::format("\"{}\" begins with -: {} would read it as an option",
                                     argument.substr(0, kMostAddress), q.drain.command),
                         "give the node or the rollout a name that does not begin with -"}};
    return command;
}

GateAnswer askDrainCommand(const GateQuestion& q, platform::Exec& exec, const std::filesystem::path& folder,
                           const model::Deadline& deadline)
{
    if (folder.empty())
        return {Verdict::Refuse, "this bmd allows no drain commands: rollouts.gates_folder is not set"};
    const std::filesystem::path program = folder / q.drain.command;
    if (!std::filesystem::is_regular_file(program))
        return {Verdict::Refuse, "there is no program " + program.string()};
    const platform::Exit exit = exec.run(drainCommand(q, program), deadline);
    const std::string said = shortened(exit.out.empty() ? exit.err : exit.out);
    if (exit.code == 0)
        return {Verdict::Go, said.empty() ? "go" : said};
    if (exit.code == kTryLater)
        return {Verdict::Wait, said.empty() ? "wait" : said};
    return {Verdict::Refuse, fmt::format("exit {}{}{}", exit.code, said.empty() ? "" : ": ", said)};
}

GateAnswer askHealthUrl(const GateQuestion& q, const std::optional<text::HostAddress>& address,
                        const platform::Reach& reach, const model::Deadline& deadline)
{
    platform::HttpRequest request{reach};
    try {
        request.url = healthUrl(q.health.url, address, q.node);
    } catch (const Error& error) {
        throw Unfit{error};
    }
    request.bodyLimitBytes = 65536;
    const platform::HttpResponse response = platform::HttpClient{}.send(request, deadline);
    const bool well = response.status >= 200 && response.status < 300;
    return {well ? Verdict::Go : Verdict::Wait,
            fmt::format("{} answers HTTP {}", request.url, response.status)};
}

GateAnswer askPort(const GateQuestion& q, const text::HostAddress& address, const platform::Reach& reach,
                   const model::Deadline& deadline)
{
    const bool ssh = q.health.kind == HealthKind::Ssh;
    const std::string banner =
        platform::probeTcp(reach, address.text(), q.health.port, ssh ? 255 : 0, deadline);
    const std::string place = address.authority(q.health.port);
    logAnswer(place, banner);
    if (ssh && !banner.starts_with("SSH-"))
        return {Verdict::Wait, place + " does not speak SSH"};
    return {Verdict::Go, place + (ssh ? " speaks SSH" : " is open")};
}

GateAnswer askHealth(const GateQuestion& q, const platform::Reach& reach, const model::Deadline& deadline)
{
    const bool http = q.health.kind == HealthKind::Http;
    const bool needsAddress = !http || q.health.url.find(kAddressMark) != std::string::npos;
    const std::optional<text::HostAddress> address = needsAddress ? addressOf(q) : std::nullopt;
    if (!address && needsAddress)
        return {Verdict::Wait, "its address is not known yet (no live lease in bmd's own DHCP server; or set "
                               "properties/health_address)"};
    return http ? askHealthUrl(q, address, reach, deadline) : askPort(q, *address, reach, deadline);
}

} // namespace

GateAnswer askGate(const GateQuestion& question, const platform::Reach& reach, platform::Exec& exec,
                   const std::filesystem::path& gatesFolder, std::stop_token stop)
{
    const model::Deadline deadline = model::Deadline::in(kAskDeadline, std::move(stop));
    try {
        if (question.kind == GateQuestion::Kind::Health)
            return askHealth(question, reach, deadline);
        return question.drain.url.empty() ? askDrainCommand(question, exec, gatesFolder, deadline)
                                          : askDrainUrl(question, reach, deadline);
    } catch (const Unfit& unfit) {
        return {Verdict::Fail, unfit.error.message(), std::nullopt, unfit.error};
    } catch (const std::exception& failure) {
        return {Verdict::Wait, shortened(failure.what())};
    }
}

} // namespace bm::conductor::fleet
