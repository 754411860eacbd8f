#include "conductor/fleet/rollouts/gates.h"

#include "common/model/error.h"
#include "common/platform/http_client.h"
#include "common/platform/network_probe.h"

#include <algorithm>
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

std::string shortened(std::string text)
{
    while (!text.empty() && (text.back() == '\n' || text.back() == '\r' || text.back() == ' '))
        text.pop_back();
    return text.substr(0, kMostDetail);
}

std::string filled(std::string text, std::string_view mark, const std::string& value)
{
    for (std::size_t at = text.find(mark); at != std::string::npos; at = text.find(mark, at + value.size()))
        text.replace(at, mark.size(), value);
    return text;
}

std::string bodyOf(const GateQuestion& q)
{
    return json{{"rollout", q.rollout}, {"node", q.node}, {"node_uuid", q.nodeUuid}, {"address", q.address}}
        .dump(-1, ' ', false, json::error_handler_t::replace);
}

std::optional<std::chrono::milliseconds> retryAfter(const platform::HttpResponse& response)
{
    const auto found = response.headers.find("retry-after");
    if (found == response.headers.end() || found->second.empty() || found->second.size() > 5 ||
        !std::all_of(found->second.begin(), found->second.end(), [](char c) { return c >= '0' && c <= '9'; }))
        return std::nullopt;
    return std::chrono::seconds{std::stol(found->second)};
}

GateAnswer drainAnswer(const platform::HttpResponse& response)
{
    if (response.status == 202 || response.status == 503 || response.status == 429)
        return {Verdict::Wait, fmt::format("HTTP {}", response.status), retryAfter(response)};
    if (response.status >= 500)
        return {Verdict::Wait, fmt::format("HTTP {}: {}", response.status, shortened(response.body))};
    if (response.status < 200 || response.status >= 300)
        return {Verdict::Refuse, fmt::format("HTTP {}: {}", response.status, shortened(response.body))};
    if (response.body.empty())
        return {Verdict::Go, "HTTP " + std::to_string(response.status)};
    const json body = json::parse(response.body, nullptr, false);
    const std::string answer = body.is_object() ? body.value("answer", "") : "";
    const std::string reason = body.is_object() ? shortened(body.value("reason", "")) : "";
    if (answer == "go")
        return {Verdict::Go, reason.empty() ? "go" : reason};
    if (answer == "wait")
        return {Verdict::Wait, reason.empty() ? "wait" : reason, retryAfter(response)};
    if (answer == "refuse")
        return {Verdict::Refuse, reason.empty() ? "refuse" : reason};
    return {Verdict::Wait, R"(expected {"answer": "go"|"wait"|"refuse"}, got )" + shortened(response.body)};
}

GateAnswer askDrainUrl(const GateQuestion& q, const model::Deadline& deadline)
{
    platform::HttpRequest request;
    request.method = "POST";
    request.url = q.drain.url;
    request.headers.emplace_back("Content-Type", "application/json");
    request.body = bodyOf(q);
    request.bodyLimitBytes = 65536;
    return drainAnswer(platform::HttpClient{}.send(request, deadline));
}

GateAnswer askDrainCommand(const GateQuestion& q, platform::Exec& exec, const std::filesystem::path& folder,
                           const model::Deadline& deadline)
{
    if (folder.empty())
        return {Verdict::Refuse, "this bmd allows no drain commands: rollouts.gates_folder is not set"};
    const std::filesystem::path program = folder / q.drain.command;
    if (!std::filesystem::is_regular_file(program))
        return {Verdict::Refuse, "there is no program " + program.string()};
    platform::Command command;
    command.argv = {program.string(), q.rollout, q.node, q.nodeUuid, q.address};
    const platform::Exit exit = exec.run(command, deadline);
    const std::string said = shortened(exit.out.empty() ? exit.err : exit.out);
    if (exit.code == 0)
        return {Verdict::Go, said.empty() ? "go" : said};
    if (exit.code == kTryLater)
        return {Verdict::Wait, said.empty() ? "wait" : said};
    return {Verdict::Refuse, fmt::format("exit {}{}{}", exit.code, said.empty() ? "" : ": ", said)};
}

GateAnswer askHealthUrl(const GateQuestion& q, const model::Deadline& deadline)
{
    platform::HttpRequest request;
    request.url = filled(filled(q.health.url, "{address}", q.address), "{name}", q.node);
    request.bodyLimitBytes = 65536;
    const platform::HttpResponse response = platform::HttpClient{}.send(request, deadline);
    const bool well = response.status >= 200 && response.status < 300;
    return {well ? Verdict::Go : Verdict::Wait,
            fmt::format("{} answers HTTP {}", request.url, response.status)};
}

GateAnswer askPort(const GateQuestion& q, const model::Deadline& deadline)
{
    const bool ssh = q.health.kind == HealthKind::Ssh;
    const std::string banner = platform::probeTcp(q.address, q.health.port, ssh ? 255 : 0, deadline);
    if (ssh && !banner.starts_with("SSH-"))
        return {Verdict::Wait,
                fmt::format("{}:{} says \"{}\", not SSH-...", q.address, q.health.port, shortened(banner))};
    return {Verdict::Go, ssh ? shortened(banner) : fmt::format("{}:{} is open", q.address, q.health.port)};
}

GateAnswer askHealth(const GateQuestion& q, const model::Deadline& deadline)
{
    const bool needsAddress =
        q.health.kind != HealthKind::Http || q.health.url.find("{address}") != std::string::npos;
    if (q.address.empty() && needsAddress)
        return {Verdict::Wait,
                "its address is not known yet (no DHCP lease seen; or set properties/health_address)"};
    return q.health.kind == HealthKind::Http ? askHealthUrl(q, deadline) : askPort(q, deadline);
}

} // namespace

GateAnswer askGate(const GateQuestion& question, platform::Exec& exec,
                   const std::filesystem::path& gatesFolder, std::stop_token stop)
{
    const model::Deadline deadline = model::Deadline::in(kAskDeadline, std::move(stop));
    try {
        if (question.kind == GateQuestion::Kind::Health)
            return askHealth(question, deadline);
        return question.drain.url.empty() ? askDrainCommand(question, exec, gatesFolder, deadline)
                                          : askDrainUrl(question, deadline);
    } catch (const std::exception& failure) {
        return {Verdict::Wait, shortened(failure.what())};
    }
}

} // namespace bm::conductor::fleet
