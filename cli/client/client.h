#pragma once
#include "common/platform/http_client.h"

#include <chrono>
#include <nlohmann/json.hpp>
#include <string>

namespace bm::cli {

/// The address of a bmd and the credentials for it.
struct Endpoint {
    std::string url = "http://127.0.0.1:6385";
    std::string username{};
    std::string passwordFile{};
    std::string caFile{};
    std::string tokenFile{}; ///< instead of user and password
    std::string token{};     ///< from BM_TOKEN; never stored
};
/// Resolves the server to call. Options come first. BM_ENDPOINT, BM_USERNAME, BM_PASSWORD_FILE, BM_TOKEN,
/// BM_TOKEN_FILE and BM_CA_FILE follow, unless --context is given. Next comes the context that --context,
/// BM_CONTEXT or `bm context use` names; without one, ~/.config/bm/client.yaml and then /etc/bm/client.yaml
/// (keys endpoint, username, password_file, token_file, ca_file). A context inherits nothing from
/// client.yaml, so a password never reaches another server.
/// @throws Error NotFound (no such context), InvalidInput (a file has a syntax error)
Endpoint resolveEndpoint(const std::string& urlOption, const std::string& contextOption = {});

/// REST calls to bmd. A call that bmd was too busy for (503 with Retry-After) is sent again, three times at
/// most; uploads are not. @throws Error with bmd's own code, message and hint; Unavailable when bmd does not
/// answer
class Client {
public:
    explicit Client(Endpoint endpoint);
    nlohmann::json get(const std::string& path);
    nlohmann::json send(const std::string& method, const std::string& path, const nlohmann::json& body);
    void remove(const std::string& path);
    /// Returns the response unparsed, whatever its status. @throws Error Unavailable
    platform::HttpResponse raw(const std::string& path);
    /// Sets the deadline of each later call. The default is two minutes.
    void setDeadline(std::chrono::milliseconds span) { deadline_ = span; }
    nlohmann::json upload(const std::string& path, const std::string& file,
                          const platform::TransferProgress& progress);
    const Endpoint& endpoint() const { return endpoint_; }

private:
    platform::HttpResponse call(const platform::HttpRequest& request);
    platform::HttpRequest prepared(const std::string& method, const std::string& path) const;
    nlohmann::json read(const platform::HttpResponse& response, const std::string& what) const;
    Endpoint endpoint_;
    std::string password_;
    std::string token_;
    platform::HttpClient http_;
    std::chrono::milliseconds deadline_ = std::chrono::minutes{2};
};

} // namespace bm::cli
