#include "tests/api/api_world.h"

#include "api/access/authentication.h"

#include <fmt/format.h>

namespace bm::test {

using nlohmann::json;

namespace {

http::ListenerConfig loopback()
{
    http::ListenerConfig config;
    config.address = "127.0.0.1";
    return config;
}

} // namespace

void actAsHeadersSay(http::Request& request, http::Response& /*response*/)
{
    request.actor = request.header("X-Test-Actor").value_or("admin");
    request.grant.role = model::roleFromText(request.header("X-Test-Role").value_or("admin")).value();
    request.grant.project = request.header("X-Test-Project").value_or("");
    request.proved = true;
}

ApiWorld::Headers actingAs(const std::string& role, const std::string& project)
{
    return {{"X-Test-Actor", "eve"}, {"X-Test-Role", role}, {"X-Test-Project", project}};
}

std::string Answer::fault() const
{
    if (!body.is_object() || !body.contains("error_message"))
        return "(no error)";
    const json inner = json::parse(body.at("error_message").get<std::string>(), nullptr, false);
    if (inner.is_discarded())
        return body.at("error_message").get<std::string>();
    return inner.contains("faultstring") ? inner.at("faultstring").get<std::string>()
                                         : inner.at("description").get<std::string>();
}

ApiWorld::ApiWorld(api::ApiSettings settings, http::Filter authentication)
{
    bmd::Core& core = *world.core;
    api = std::make_unique<api::Api>(api::ApiParts{
        core.context, core.nodes, core.operations, core.catalogue, core.agents, core.boots, core.relay,
        core.tags, core.rollouts, core.events, core.webhooks, core.schedules, std::move(settings)});
    operators_.filter(authentication ? std::move(authentication) : api::noAuthentication());
    api->mount(operators_);
    api->mountProvisioning(machines_);
    operatorsServer_ = std::make_unique<http::Server>(operators_, loopback());
    machinesServer_ = std::make_unique<http::Server>(machines_, loopback());
    operatorsServer_->start();
    machinesServer_->start();
}

ApiWorld::~ApiWorld()
{
    api->stop();
    operatorsServer_->stop();
    machinesServer_->stop();
}

std::string ApiWorld::base() const
{
    return fmt::format("http://127.0.0.1:{}", operatorsServer_->port());
}

Answer ApiWorld::exchange(std::uint16_t port, const std::string& method, const std::string& path,
                          const std::string& body, Headers headers)
{
    platform::HttpRequest request{platform::Reach::fixed()};
    request.method = method;
    request.url = fmt::format("http://127.0.0.1:{}{}", port, path);
    request.headers = std::move(headers);
    request.body = body;
    const platform::HttpResponse response =
        client_.send(request, model::Deadline::in(std::chrono::seconds{30}));
    Answer answer{response.status, response.headers, response.body,
                  json::parse(response.body, nullptr, false)};
    if (answer.body.is_discarded())
        answer.body = nullptr;
    return answer;
}

Answer ApiWorld::ask(const std::string& method, const std::string& path, const std::string& body,
                     const std::string& version, const Headers& more)
{
    Headers headers = more;
    if (!version.empty())
        headers.emplace_back("X-OpenStack-Ironic-API-Version", version);
    const bool typed = std::any_of(more.begin(), more.end(),
                                   [](const auto& header) { return header.first == "Content-Type"; });
    if (!body.empty() && !typed)
        headers.emplace_back("Content-Type", "application/json");
    return exchange(operatorsServer_->port(), method, path, body, std::move(headers));
}

Answer ApiWorld::machine(const std::string& method, const std::string& path, const std::string& body,
                         const Headers& headers)
{
    return exchange(machinesServer_->port(), method, path, body, headers);
}

} // namespace bm::test
