#pragma once
#include "api/api.h"
#include "common/http/server.h"
#include "common/platform/http_client.h"
#include "tests/support/world.h"

#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <sstream>
#include <string>
#include <string_view>
#include <utility>

namespace bm::test {

/// An HTTP answer; body is null when it is empty or not JSON.
struct Answer {
    int status = 0;
    std::map<std::string, std::string> headers; ///< names in lower case
    std::string text;
    nlohmann::json body;

    /// The message that Ironic's clients show: faultstring, or the description of routing errors.
    std::string fault() const;
};

/// An authentication filter that takes the actor from headers (actingAs); without them: an administrator.
void actAsHeadersSay(http::Request& request, http::Response& response);

/// A request without a body, in the form that the router passes to filters and to the error renderer.
class FilteredRequest : public http::Request {
public:
    explicit FilteredRequest(std::string version) : version_(std::move(version)) {}
    std::optional<std::string> header(std::string_view name) const override
    {
        return name == "X-OpenStack-Ironic-API-Version" ? std::optional(version_) : std::nullopt;
    }
    std::string body() override { return {}; }
    std::istream& bodyStream() override { return stream_; }
    std::optional<std::uint64_t> contentLength() const override { return {}; }

private:
    std::string version_;
    std::istringstream stream_{};
};

/// A World behind both listeners of the API, on free ports of the loopback, called with curl's library.
class ApiWorld {
public:
    explicit ApiWorld(api::ApiSettings settings = {}, http::Filter authentication = {});
    ~ApiWorld();

    using Headers = std::vector<std::pair<std::string, std::string>>;
    Answer get(const std::string& path, const std::string& version = "1.82")
    {
        return ask("GET", path, "", version);
    }
    Answer send(const std::string& method, const std::string& path, const nlohmann::json& body,
                const std::string& version = "1.82")
    {
        return ask(method, path, body.dump(), version);
    }
    /// Calls the operators' listener. @p version "" sends no version header.
    Answer ask(const std::string& method, const std::string& path, const std::string& body,
               const std::string& version = "1.82", const Headers& more = {});
    /// Calls the provisioning listener as a machine does, without a version.
    Answer machine(const std::string& method, const std::string& path, const std::string& body = "",
                   const Headers& headers = {});
    std::string base() const;

    World world;
    std::unique_ptr<api::Api> api;

private:
    Answer exchange(std::uint16_t port, const std::string& method, const std::string& path,
                    const std::string& body, Headers headers);
    http::Router operators_;
    http::Router machines_;
    std::unique_ptr<http::Server> operatorsServer_;
    std::unique_ptr<http::Server> machinesServer_;
    platform::HttpClient client_;
};

/// The headers of the user "eve" in @p role, of @p project or ("") of the system.
ApiWorld::Headers actingAs(const std::string& role, const std::string& project);

} // namespace bm::test
