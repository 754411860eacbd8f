#include "agent/server_session.h"

#include "agent/frames/frame_source.h"
#include "common/model/error.h"

#include <fmt/format.h>

namespace bm::agent {

using model::Deadline;

namespace {

constexpr std::chrono::seconds kSessionCallDeadline{30};
constexpr std::size_t kLongestAnswer = std::size_t{1} << 20U;

} // namespace

ServerSession::ServerSession(AgentIdentity identity) : identity_(std::move(identity)) {}

void ServerSession::lookup(const std::stop_token& stop)
{
    platform::HttpRequest request{platform::Reach::fixed()}; // bmd's address, from the kernel's command line
    request.url =
        fmt::format("{}/v1/lookup?addresses={}&node_uuid={}", identity_.apiBase,
                    platform::urlEncode(identity_.addresses), platform::urlEncode(identity_.nodeUuid));
    request.headers = {{"X-Bm-Boot-Secret", identity_.bootSecret},
                       {"X-Bm-Nonce", identity_.nonce},
                       {"Accept", "application/json"}};
    request.bodyLimitBytes = kLongestAnswer;
    const platform::HttpResponse response = client_.send(request, Deadline::in(kSessionCallDeadline, stop));
    checkStatus(response, identity_.apiBase + "/v1/lookup");
    const wire::AgentLookupAnswer answer = wire::agentLookupAnswerFromJson(response.body);
    identity_.nodeUuid = answer.nodeUuid;
    *token_.lock() = answer.token;
}

wire::AgentExchangeAnswer ServerSession::exchange(const wire::AgentExchangeRequest& request,
                                                  const std::stop_token& stop)
{
    platform::HttpRequest call{platform::Reach::fixed()}; // bmd's address, from the kernel's command line
    call.method = "POST";
    call.url = fmt::format("{}/v1/agent/{}/exchange", identity_.apiBase, identity_.nodeUuid);
    call.headers = {{"Authorization", "Bearer " + *token_.lock()}, {"Content-Type", "application/json"}};
    call.body = toJson(request).text;
    call.bodyLimitBytes = kLongestAnswer;
    const platform::HttpResponse response = client_.send(call, Deadline::in(kSessionCallDeadline, stop));
    checkStatus(response, call.url);
    return wire::agentExchangeAnswerFromJson(response.body);
}

bool ServerSession::hasToken()
{
    return !token_.lock()->empty();
}

void ServerSession::forgetToken()
{
    token_.lock()->clear();
}

std::string ServerSession::tokenFor(const std::string& url)
{
    return url.starts_with(identity_.apiBase + "/") ? *token_.lock() : std::string();
}

} // namespace bm::agent
