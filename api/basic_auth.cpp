#include "api/basic_auth.h"

#include "common/model/error.h"
#include "common/platform/files.h"
#include "common/platform/guarded.h"
#include "common/platform/log.h"
#include "common/platform/secrets.h"

#include <algorithm>
#include <fmt/format.h>
#include <map>
#include <optional>
#include <sodium.h>
#include <vector>

namespace bm::api {

using http::Request;
using http::Response;
using model::Error;
using model::ErrorCode;
using Steady = std::chrono::steady_clock;

namespace {

constexpr std::size_t kMostRemembered = 10'000; ///< entries of a table that clients can fill
constexpr std::size_t kLongestPassword = 1024;

struct Credentials {
    std::string name;
    std::string password;
};

using Users = std::map<std::string, std::string>;

bool isHash(std::string_view text)
{
    return text.starts_with("$argon2id$") && text.size() < 256;
}

Users parseUsers(const std::string& text, const std::string& file)
{
    Users users;
    std::size_t line = 0;
    for (std::size_t at = 0; at < text.size();) {
        const std::size_t end = std::min(text.find('\n', at), text.size());
        std::string row = text.substr(at, end - at);
        at = end + 1;
        ++line;
        if (!row.empty() && row.back() == '\r')
            row.pop_back();
        if (row.empty() || row.front() == '#')
            continue;
        const std::size_t colon = row.find(':');
        if (colon == 0 || colon == std::string::npos || !isHash(std::string_view(row).substr(colon + 1)))
            throw Error(ErrorCode::InvalidInput,
                        fmt::format("{}:{}: expected name:$argon2id$...", file, line),
                        "a line is made by: bmd --set-user NAME");
        users[row.substr(0, colon)] = row.substr(colon + 1);
    }
    return users;
}

std::optional<std::string> decoded(std::string_view base64)
{
    std::string out(base64.size(), '\0');
    std::size_t length = 0;
    if (sodium_base642bin(reinterpret_cast<unsigned char*>(out.data()), out.size(), base64.data(),
                          base64.size(), nullptr, // NOLINT
                          &length, nullptr, sodium_base64_VARIANT_ORIGINAL) != 0)
        return std::nullopt;
    out.resize(length);
    return out;
}

std::optional<Credentials> credentialsOf(const Request& request)
{
    const std::string header = request.header("Authorization").value_or("");
    constexpr std::string_view kScheme = "basic ";
    const bool basic = header.size() > kScheme.size() &&
                       std::equal(kScheme.begin(), kScheme.end(), header.begin(), [](char a, char b) {
                           return a == (b >= 'A' && b <= 'Z' ? static_cast<char>(b - 'A' + 'a') : b);
                       });
    if (!basic || header.size() > 4 * kLongestPassword)
        return std::nullopt;
    const std::optional<std::string> pair = decoded(std::string_view(header).substr(kScheme.size()));
    const std::size_t colon = pair ? pair->find(':') : std::string::npos;
    if (colon == std::string::npos || pair->size() - colon > kLongestPassword)
        return std::nullopt;
    return Credentials{pair->substr(0, colon), pair->substr(colon + 1)};
}

bool isOpen(const std::string& path)
{
    return path.empty() || path == "/" || path == "/v1" || path == "/v1/lookup" ||
           path.starts_with("/v1/heartbeat/");
}

struct Failures {
    int count = 0;
    Steady::time_point since{};
};

} // namespace

struct BasicAuth::State {
    explicit State(BasicAuthSettings given) : settings(std::move(given)) { load(); }

    void check(Request& request, Response& response);

private:
    struct UsersFile {
        Users users;
        std::filesystem::file_time_type changed{};
    };
    void load();
    void reloadIfChanged();
    /// Hash of @p name, else one that no password has: an unknown name costs as much as a known one.
    std::string hashOf(const std::string& name);
    bool remembered(const std::string& key);
    void remember(const std::string& key);
    void refuseGuesser(const std::string& peer, Response& response);
    void countFailure(const std::string& peer);
    [[noreturn]] void refuse(Response& response, const std::string& message, const std::string& hint);

    BasicAuthSettings settings;
    platform::Guarded<UsersFile> file;
    platform::Guarded<std::map<std::string, Steady::time_point>> verified; ///< salted key to when it ends
    platform::Guarded<std::map<std::string, Failures>> failures;           ///< by client address
    std::mutex hashing;                                                    ///< one Argon2id at a time
    std::string salt = platform::randomHex(16);
    std::string nobody = platform::hashPassword(platform::randomHex(16));
};

void BasicAuth::State::load()
{
    std::error_code failed;
    const std::filesystem::file_time_type changed =
        std::filesystem::last_write_time(settings.usersFile, failed);
    if (failed)
        throw Error(ErrorCode::NotFound, fmt::format("{}: no such users file", settings.usersFile.string()),
                    "make one with: bmd --set-user NAME, or switch authentication off in the configuration");
    Users users = parseUsers(platform::readFile(settings.usersFile), settings.usersFile.string());
    auto handle = file.lock();
    handle->users = std::move(users);
    handle->changed = changed;
}

void BasicAuth::State::reloadIfChanged()
{
    std::error_code failed;
    const std::filesystem::file_time_type changed =
        std::filesystem::last_write_time(settings.usersFile, failed);
    if (failed || changed == file.lock()->changed)
        return; // a file that is gone for a moment is being replaced: the last good one counts
    try {
        load();
    } catch (const Error& error) {
        file.lock()->changed = changed;
        platform::logError("auth", "{}; the users as read before stay", error.message());
    }
}

std::string BasicAuth::State::hashOf(const std::string& name)
{
    const auto handle = file.lock();
    const auto found = handle->users.find(name);
    return found == handle->users.end() ? nobody : found->second;
}

bool BasicAuth::State::remembered(const std::string& key)
{
    auto handle = verified.lock();
    const auto found = handle->find(key);
    return found != handle->end() && found->second > Steady::now();
}

void BasicAuth::State::remember(const std::string& key)
{
    auto handle = verified.lock();
    const Steady::time_point now = Steady::now();
    std::erase_if(*handle, [&](const auto& entry) { return entry.second <= now; });
    if (handle->size() < kMostRemembered)
        (*handle)[key] = now + settings.cacheFor;
}

void BasicAuth::State::refuseGuesser(const std::string& peer, Response& response)
{
    auto handle = failures.lock();
    const auto found = handle->find(peer);
    if (found == handle->end() || found->second.count < settings.failuresAllowed ||
        found->second.since + settings.failureWindow < Steady::now())
        return;
    response.header("WWW-Authenticate", fmt::format("Basic realm=\"{}\"", settings.realm));
    throw Error(ErrorCode::Unavailable, fmt::format("too many failed logins from {}", peer),
                fmt::format("wait {} s", settings.failureWindow.count()));
}

void BasicAuth::State::countFailure(const std::string& peer)
{
    auto handle = failures.lock();
    const Steady::time_point now = Steady::now();
    if (handle->size() >= kMostRemembered)
        std::erase_if(*handle,
                      [&](const auto& entry) { return entry.second.since + settings.failureWindow < now; });
    Failures& entry = (*handle)[peer];
    if (entry.since + settings.failureWindow < now)
        entry = Failures{0, now};
    ++entry.count;
}

void BasicAuth::State::refuse(Response& response, const std::string& message, const std::string& hint)
{
    response.header("WWW-Authenticate", fmt::format("Basic realm=\"{}\"", settings.realm));
    throw Error(ErrorCode::Unauthorized, message, hint);
}

void BasicAuth::State::check(Request& request, Response& response)
{
    const std::optional<Credentials> given = credentialsOf(request);
    if (!given && (isOpen(request.path) || (settings.openMetrics && request.path == "/metrics")))
        return;
    if (!given)
        refuse(response, "Authorization required",
               "bm takes it from BM_USERNAME and BM_PASSWORD_FILE; curl by -u NAME");
    reloadIfChanged();
    const std::string hash = hashOf(given->name);
    const std::string key =
        platform::sha256Hex(fmt::format("{}\n{}\n{}\n{}", salt, hash, given->name, given->password));
    if (!remembered(key)) {
        refuseGuesser(request.peerAddress, response);
        const std::lock_guard turn(hashing);
        if (!remembered(key)) {
            if (!platform::verifyPassword(hash, given->password)) {
                countFailure(request.peerAddress);
                platform::logWarning("auth", "failed login as \"{}\" from {}", given->name.substr(0, 64),
                                     request.peerAddress);
                refuse(response, "Incorrect username or password", "");
            }
            remember(key);
        }
    }
    request.actor = given->name;
}

BasicAuth::BasicAuth(BasicAuthSettings settings) : state_(std::make_unique<State>(std::move(settings))) {}
BasicAuth::~BasicAuth() = default;

http::Filter BasicAuth::filter()
{
    return [state = state_.get()](Request& request, Response& response) { state->check(request, response); };
}

std::string BasicAuth::userLine(const std::string& name, const std::string& password)
{
    if (name.empty() || name.size() > 64 || name.find_first_of(": \t\r\n#") != std::string::npos)
        throw Error(ErrorCode::InvalidInput, fmt::format("\"{}\" is not a user's name", name.substr(0, 80)),
                    "at most 64 characters, no colon, blank or #");
    if (password.empty() || password.size() > kLongestPassword)
        throw Error(ErrorCode::InvalidInput, "a password has 1 to 1024 characters");
    return name + ":" + platform::hashPassword(password);
}

} // namespace bm::api
