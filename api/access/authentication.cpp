#include "api/access/authentication.h"

#include "api/access/login_gate.h"
#include "api/access/policy.h"
#include "api/access/tokens_file.h"
#include "api/access/users_file.h"
#include "api/access/watched_file.h"
#include "common/http/connection.h"
#include "common/model/error.h"
#include "common/platform/files.h"
#include "common/platform/guarded.h"
#include "common/platform/log.h"
#include "common/platform/secrets.h"
#include "common/text/base64.h"
#include "common/text/secret.h"

#include <algorithm>
#include <fmt/format.h>
#include <map>
#include <optional>

namespace bm::api {

using http::Request;
using http::Response;
using model::Error;
using model::ErrorCode;
using Steady = std::chrono::steady_clock;

namespace {

constexpr std::size_t kMostRemembered = 10'000; ///< limit of a table that clients can fill

struct Credentials {
    std::string name;
    text::Secret password;
};

/// The credentials after "<scheme> " in Authorization; the scheme is case-insensitive.
std::optional<std::string> authorizationOf(const Request& request, std::string_view scheme)
{
    constexpr std::size_t kLongest = 4 * kLongestPassword;
    const std::string header = request.header("Authorization").value_or("");
    const bool fits = header.size() > scheme.size() + 1 && header.size() <= kLongest &&
                      header[scheme.size()] == ' ' &&
                      std::equal(scheme.begin(), scheme.end(), header.begin(), [](char a, char b) {
                          return a == (b >= 'A' && b <= 'Z' ? static_cast<char>(b - 'A' + 'a') : b);
                      });
    return fits ? std::optional(header.substr(scheme.size() + 1)) : std::nullopt;
}

std::optional<Credentials> credentialsOf(const Request& request)
{
    const std::optional<std::string> basic = authorizationOf(request, "basic");
    const text::Secret pair = basic ? text::fromBase64(*basic).value_or("") : "";
    const std::size_t colon = pair.view().find(':');
    if (colon == std::string_view::npos || pair.size() - colon > kLongestPassword)
        return std::nullopt;
    return Credentials{std::string(pair.view().substr(0, colon)), pair.view().substr(colon + 1)};
}

/// The token in X-Auth-Token (Keystone's clients) or in Authorization.
std::optional<std::string> tokenOf(const Request& request)
{
    if (std::optional<std::string> token = request.header("X-Auth-Token"))
        return token;
    return authorizationOf(request, "bearer");
}

bool isOpen(const Request& request)
{
    const PolicyRow* row = policyOf(request.method, request.route);
    return row != nullptr && row->subject == Subject::Open;
}

struct Failures {
    int count = 0;
    Steady::time_point since{};
};

} // namespace

struct Authentication::State {
    explicit State(AuthenticationSettings given)
        : settings_(std::move(given)), users_(settings_.usersFile, usersFromText),
          tokens_(settings_.tokensFile, tokensFromText)
    {
        load();
    }

    void check(Request& request, Response& response);

private:
    void load();
    void checkPassword(const Credentials& given, Request& request, Response& response);
    void verify(const Credentials& given, const User& user, const std::string& key, const Request& request,
                Response& response);
    void checkToken(const std::string& given, Request& request, Response& response);
    /// The user @p name. An unknown name yields a user whose hash matches no password, so that both cases
    /// take the same time.
    User userOf(const std::string& name);
    bool remembered(const std::string& key);
    void remember(const std::string& key);
    void refuseGuesser(const std::string& client, Response& response);
    void countFailure(const std::string& client);
    [[noreturn]] void refuse(Response& response, const std::string& message, const std::string& hint);

    AuthenticationSettings settings_;
    WatchedFile<Users> users_;
    WatchedFile<Tokens> tokens_;
    platform::Guarded<std::map<std::string, Steady::time_point>> verified_; ///< salted key to expiry
    platform::Guarded<std::map<std::string, Failures>> failures_;           ///< by http::clientOf()
    LoginGate gate_;
    std::string salt_ = platform::randomHex(16);
    std::string nobody_ = platform::hashPassword(platform::randomHex(16));
};

void Authentication::State::load()
{
    if (!users_.exists())
        throw Error(ErrorCode::NotFound, fmt::format("{}: no such users file", settings_.usersFile.string()),
                    "create one with bmd --set-user NAME, or disable authentication in the configuration");
    users_.load();
    if (tokens_.exists())
        tokens_.load();
}

User Authentication::State::userOf(const std::string& name)
{
    return users_.with([&](const Users& known) {
        const auto found = known.find(name);
        return found == known.end() ? User{nobody_} : found->second;
    });
}

bool Authentication::State::remembered(const std::string& key)
{
    auto handle = verified_.lock();
    const auto found = handle->find(key);
    const Steady::time_point now = Steady::now();
    if (found == handle->end() || found->second <= now)
        return false;
    found->second = now + settings_.cacheFor; // the key has the stored hash: a new password is another key
    return true;
}

void Authentication::State::remember(const std::string& key)
{
    auto handle = verified_.lock();
    const Steady::time_point now = Steady::now();
    std::erase_if(*handle, [&](const auto& entry) { return entry.second <= now; });
    if (handle->size() < kMostRemembered)
        (*handle)[key] = now + settings_.cacheFor;
}

void Authentication::State::refuseGuesser(const std::string& client, Response& response)
{
    auto handle = failures_.lock();
    const auto found = handle->find(client);
    if (found == handle->end() || found->second.count < settings_.failuresAllowed ||
        found->second.since + settings_.failureWindow < Steady::now())
        return;
    response.header("WWW-Authenticate", fmt::format("Basic realm=\"{}\"", settings_.realm));
    throw Error(ErrorCode::Unavailable, fmt::format("too many failed logins from {}", client),
                fmt::format("wait {} s", settings_.failureWindow.count()));
}

void Authentication::State::countFailure(const std::string& client)
{
    auto handle = failures_.lock();
    const Steady::time_point now = Steady::now();
    if (handle->size() >= kMostRemembered)
        std::erase_if(*handle,
                      [&](const auto& entry) { return entry.second.since + settings_.failureWindow < now; });
    if (handle->size() >= kMostRemembered)
        handle->erase(std::min_element(handle->begin(), handle->end(), [](const auto& a, const auto& b) {
            return a.second.since < b.second.since;
        }));
    Failures& entry = (*handle)[client];
    if (entry.since + settings_.failureWindow < now)
        entry = Failures{0, now};
    ++entry.count;
}

void Authentication::State::refuse(Response& response, const std::string& message, const std::string& hint)
{
    response.header("WWW-Authenticate", fmt::format("Basic realm=\"{}\"", settings_.realm));
    throw Error(ErrorCode::Unauthorized, message, hint);
}

void Authentication::State::verify(const Credentials& given, const User& user, const std::string& key,
                                   const Request& request, Response& response)
{
    const std::string client = http::clientOf(request.peerAddress);
    refuseGuesser(client, response);
    if (!gate_.check(client, key,
                     [&] { return platform::verifyPassword(user.hash, given.password.view()); })) {
        countFailure(client);
        platform::logWarning("auth", "failed login as \"{}\" from {}", given.name.substr(0, 64),
                             request.peerAddress);
        refuse(response, "Incorrect username or password", "");
    }
    remember(key);
}

void Authentication::State::checkPassword(const Credentials& given, Request& request, Response& response)
{
    const User user = userOf(given.name);
    const std::string key = platform::sha256Hex(
        text::Secret(fmt::format("{}\n{}\n{}\n{}", salt_, user.hash, given.name, given.password.view()))
            .view());
    if (!remembered(key))
        verify(given, user, key, request, response);
    request.actor = given.name;
    request.grant = user.grant;
    request.proved = true;
}

void Authentication::State::checkToken(const std::string& given, Request& request, Response& response)
{
    const std::optional<Token> token = tokens_.with([&](const Tokens& known) {
        const Token* found = findToken(known, given);
        return found == nullptr ? std::optional<Token>{} : *found;
    });
    if (!token) {
        platform::logWarning("auth", "an unknown token from {}", request.peerAddress);
        refuse(response, "The token is unknown", "check the token, which may be revoked: bmd --list-tokens");
    }
    if (token->expiresAt && *token->expiresAt <= model::SystemClock{}.now())
        refuse(response, fmt::format("The token {} of {} has expired", token->id, token->name),
               "create a new one: bmd --create-token NAME");
    request.actor = token->name;
    request.grant = token->grant;
    request.proved = true;
}

void Authentication::State::check(Request& request, Response& response)
{
    if (const std::optional<std::string> token = tokenOf(request))
        return checkToken(*token, request, response);
    if (const std::optional<Credentials> given = credentialsOf(request))
        return checkPassword(*given, request, response);
    if (!isOpen(request) && !(settings_.openMetrics && request.path == "/metrics"))
        refuse(response, "Authorization required",
               "for bm set BM_USERNAME and BM_PASSWORD_FILE, or BM_TOKEN_FILE; for curl use -u NAME");
}

Authentication::Authentication(AuthenticationSettings settings)
    : state_(std::make_unique<State>(std::move(settings)))
{}
Authentication::~Authentication() = default;

http::Filter noAuthentication()
{
    return [](Request& request, Response&) { request.proved = true; };
}

http::Filter Authentication::filter()
{
    return [state = state_.get()](Request& request, Response& response) { state->check(request, response); };
}

} // namespace bm::api
