#include "cli/client/client.h"

#include "cli/client/context_file.h"
#include "cli/client/password_file.h"
#include "common/model/error.h"
#include "common/platform/files.h"
#include "common/text/yaml_document.h"

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <optional>
#include <thread>
#include <yaml-cpp/yaml.h>

namespace bm::cli {

using model::Deadline;
using model::Error;
using model::ErrorCode;
using nlohmann::json;

namespace {

constexpr std::chrono::hours kUploadDeadline{12};
constexpr int kRepeats = 3;
constexpr std::chrono::seconds kLongestPause{10};

/// The pause before a busy bmd (503, Retry-After) gets the request again; it has done nothing of it.
std::optional<std::chrono::seconds> pauseOf(const platform::HttpResponse& response)
{
    if (response.status != 503 || !response.headers.contains("retry-after"))
        return std::nullopt;
    return std::min(platform::retryAfter(response).value_or(std::chrono::seconds{1}), kLongestPause);
}

std::string environment(const char* name)
{
    const char* value = std::getenv(name);
    return value == nullptr ? "" : value;
}

void readKey(std::string& into, const YAML::Node& file, const char* key)
{
    if (file[key])
        into = file[key].as<std::string>();
}

void readFileInto(Endpoint& endpoint, const std::filesystem::path& path)
{
    std::error_code hidden; // the user may not search the parent folder
    if (!std::filesystem::exists(path, hidden))
        return;
    try {
        const YAML::Node file = text::onlyDocument(YAML::LoadAllFromFile(path.string()));
        readKey(endpoint.url, file, "endpoint");
        readKey(endpoint.username, file, "username");
        readKey(endpoint.passwordFile, file, "password_file");
        readKey(endpoint.tokenFile, file, "token_file");
        readKey(endpoint.caFile, file, "ca_file");
    } catch (const YAML::BadFile&) {
        return; // the file belongs to another user; skip it
    } catch (const YAML::Exception& error) {
        throw Error(ErrorCode::InvalidInput,
                    path.string() + ":" + std::to_string(error.mark.line + 1) + ": " + error.msg);
    }
}

/// bmd's error body: Ironic's double encoding, with bm's code and hint beside it.
Error errorOf(const platform::HttpResponse& response, const std::string& what)
{
    const json body = json::parse(response.body, nullptr, false);
    if (body.is_discarded() || !body.is_object())
        return {ErrorCode::Unavailable,
                what + ": HTTP " + std::to_string(response.status) + " from something that is not bmd",
                "check the endpoint: --endpoint, BM_ENDPOINT"};
    std::string message = body.value("message", std::string{});
    if (const json inner = json::parse(body.value("error_message", std::string{"{}"}), nullptr, false);
        inner.is_object())
        message = inner.value("faultstring", inner.value("description", message));
    const ErrorCode code =
        model::errorCodeFromText(body.value("code", std::string{})).value_or(ErrorCode::Internal);
    return {code, message.empty() ? what + ": HTTP " + std::to_string(response.status) : message,
            body.value("hint", std::string{})};
}

/// @throws Error InvalidInput: a text is not UTF-8
std::string jsonOf(const json& body)
{
    try {
        return body.dump();
    } catch (const json::type_error&) {
        throw Error(ErrorCode::InvalidInput, "the request has a text that is not UTF-8",
                    "a file that it was read from is not UTF-8: iconv -t UTF-8");
    }
}

} // namespace

namespace {

void readClientFiles(Endpoint& endpoint)
{
    const std::string home = environment("HOME");
    const std::filesystem::path own = environment("BM_CLIENT_CONFIG").empty()
                                          ? std::filesystem::path(home) / ".config/bm/client.yaml"
                                          : std::filesystem::path(environment("BM_CLIENT_CONFIG"));
    readFileInto(endpoint, "/etc/bm/client.yaml");
    if (!home.empty() || own.is_absolute())
        readFileInto(endpoint, own);
}

} // namespace

Endpoint resolveEndpoint(const std::string& urlOption, const std::string& contextOption)
{
    Endpoint endpoint;
    const Contexts contexts = readContexts(contextsFile());
    std::string context = contextOption.empty() ? environment("BM_CONTEXT") : contextOption;
    if (context.empty())
        context = contexts.current;
    if (context.empty())
        readClientFiles(endpoint);
    else
        endpoint = findContext(contexts, context);
    const auto override = [](std::string& into, const std::string& value) {
        if (!value.empty())
            into = value;
    };
    if (contextOption.empty()) {
        override(endpoint.url, environment("BM_ENDPOINT"));
        override(endpoint.username, environment("BM_USERNAME"));
        override(endpoint.passwordFile, environment("BM_PASSWORD_FILE"));
        override(endpoint.tokenFile, environment("BM_TOKEN_FILE"));
        override(endpoint.token, environment("BM_TOKEN"));
        override(endpoint.caFile, environment("BM_CA_FILE"));
    }
    override(endpoint.url, urlOption);
    while (endpoint.url.ends_with('/'))
        endpoint.url.pop_back();
    return endpoint;
}

Client::Client(Endpoint endpoint) : endpoint_(std::move(endpoint))
{
    if (!endpoint_.token.empty())
        token_ = endpoint_.token;
    else if (!endpoint_.tokenFile.empty())
        token_ = readPasswordFile(endpoint_.tokenFile);
    else if (!endpoint_.passwordFile.empty())
        password_ = readPasswordFile(endpoint_.passwordFile);
}

platform::HttpRequest Client::prepared(const std::string& method, const std::string& path) const
{
    platform::HttpRequest request{platform::Reach::ofPerson()};
    request.method = method;
    request.url = endpoint_.url + path;
    request.headers = {{"X-OpenStack-Ironic-API-Version", "1.115"}, {"Accept", "application/json"}};
    if (!token_.empty()) {
        request.headers.emplace_back("X-Auth-Token", token_);
    } else {
        request.username = endpoint_.username;
        request.password = password_;
    }
    request.caFile = endpoint_.caFile;
    return request;
}

json Client::read(const platform::HttpResponse& response, const std::string& what) const
{
    if (response.status == 401 && !token_.empty())
        throw errorOf(response, what);
    if (response.status == 401)
        throw Error(
            ErrorCode::Unauthorized, "bmd at " + endpoint_.url + " requires a user and password",
            "set BM_USERNAME and BM_PASSWORD_FILE (or BM_TOKEN_FILE), or ~/.config/bm/client.yaml; bmd "
            "wrote the first password to its state folder: admin-password");
    if (response.status < 200 || response.status >= 300)
        throw errorOf(response, what);
    if (response.body.empty())
        return nullptr;
    json body = json::parse(response.body, nullptr, false);
    if (body.is_discarded())
        throw Error(ErrorCode::Unavailable, what + ": the answer is not JSON",
                    "check that bmd serves " + endpoint_.url);
    return body;
}

platform::HttpResponse Client::call(const platform::HttpRequest& request)
{
    try {
        const Deadline deadline = Deadline::in(deadline_);
        for (int repeats = 0;; ++repeats) {
            platform::HttpResponse response = http_.send(request, deadline);
            const std::optional<std::chrono::seconds> pause = pauseOf(response);
            if (!pause || repeats == kRepeats || deadline.left() <= *pause)
                return response;
            std::this_thread::sleep_for(*pause);
        }
    } catch (const Error& error) {
        if (error.code() != ErrorCode::Unavailable || !error.hint().empty())
            throw;
        throw Error(error.code(), "bmd at " + endpoint_.url + " does not answer: " + error.message(),
                    "start bmd there, or name another server: --endpoint URL or BM_ENDPOINT");
    }
}

json Client::get(const std::string& path)
{
    return read(call(prepared("GET", path)), "GET " + path);
}

json Client::send(const std::string& method, const std::string& path, const json& body)
{
    platform::HttpRequest request = prepared(method, path);
    request.headers.emplace_back("Content-Type", "application/json");
    request.body = body.is_null() ? "" : jsonOf(body);
    return read(call(request), method + " " + path);
}

platform::HttpResponse Client::raw(const std::string& path)
{
    return call(prepared("GET", path));
}

void Client::remove(const std::string& path)
{
    static_cast<void>(read(call(prepared("DELETE", path)), "DELETE " + path));
}

json Client::upload(const std::string& path, const std::string& file,
                    const platform::TransferProgress& progress)
{
    platform::HttpRequest request = prepared("POST", path);
    request.headers.emplace_back("Content-Type", "application/octet-stream");
    request.uploadFile = file;
    return read(http_.upload(request, progress, Deadline::in(kUploadDeadline)), "POST " + path);
}

} // namespace bm::cli
