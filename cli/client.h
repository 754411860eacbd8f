#pragma once
#include "common/platform/http_client.h"

#include <nlohmann/json.hpp>
#include <string>

namespace bm::cli {

/// Where bmd is and who we are. From options, then BM_ENDPOINT, BM_USERNAME, BM_PASSWORD_FILE, BM_CA_FILE,
/// then
/// ~/.config/bm/client.yaml, then /etc/bm/client.yaml (keys endpoint, username, password_file, ca_file).
struct Endpoint {
    std::string url = "http://127.0.0.1:6385";
    std::string username{};
    std::string passwordFile{};
    std::string caFile{};
};
Endpoint resolveEndpoint(const std::string& urlOption);

/// REST calls to bmd. @throws Error with bmd's own code, message and hint; Unavailable when it does not
/// answer
class Client {
public:
    explicit Client(Endpoint endpoint);
    nlohmann::json get(const std::string& path);
    nlohmann::json send(const std::string& method, const std::string& path, const nlohmann::json& body);
    void remove(const std::string& path);
    nlohmann::json upload(const std::string& path, const std::string& file,
                          const platform::TransferProgress& progress);
    const Endpoint& endpoint() const { return endpoint_; }

private:
    platform::HttpResponse call(const platform::HttpRequest& request);
    platform::HttpRequest prepared(const std::string& method, const std::string& path) const;
    nlohmann::json read(const platform::HttpResponse& response, const std::string& what) const;
    Endpoint endpoint_;
    std::string password_;
    platform::HttpClient http_;
};

} // namespace bm::cli
