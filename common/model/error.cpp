#include "common/model/error.h"

#include <array>
#include <cstdio>
#include <cstdlib>

namespace bm::model {
namespace {

struct Name {
    ErrorCode code;
    std::string_view text;
};

constexpr auto kNames = std::to_array<Name>({
    {ErrorCode::InvalidInput, "invalid-input"},
    {ErrorCode::NotFound, "not-found"},
    {ErrorCode::Conflict, "conflict"},
    {ErrorCode::NodeLocked, "node-locked"},
    {ErrorCode::NodeProtected, "node-protected"},
    {ErrorCode::InvalidTransition, "invalid-transition"},
    {ErrorCode::Unauthorized, "unauthorized"},
    {ErrorCode::Forbidden, "forbidden"},
    {ErrorCode::NotAcceptable, "not-acceptable"},
    {ErrorCode::UnsupportedMediaType, "unsupported-media-type"},
    {ErrorCode::MethodNotAllowed, "method-not-allowed"},
    {ErrorCode::TooLarge, "too-large"},
    {ErrorCode::RequestTimeout, "request-timeout"},
    {ErrorCode::Unavailable, "unavailable"},
    {ErrorCode::UntrustedServer, "untrusted-server"},
    {ErrorCode::BmcUnreachable, "bmc-unreachable"},
    {ErrorCode::BmcAuthFailed, "bmc-auth-failed"},
    {ErrorCode::BmcBusy, "bmc-busy"},
    {ErrorCode::BmcUnsupported, "bmc-unsupported"},
    {ErrorCode::BmcSessionLimit, "bmc-session-limit"},
    {ErrorCode::BmcRejected, "bmc-rejected"},
    {ErrorCode::BmcBadReply, "bmc-bad-reply"},
    {ErrorCode::BmcResting, "bmc-resting"},
    {ErrorCode::ChecksumMismatch, "checksum-mismatch"},
    {ErrorCode::ImageUnsupported, "image-unsupported"},
    {ErrorCode::ImageCorrupt, "image-corrupt"},
    {ErrorCode::ImageTooLarge, "image-too-large"},
    {ErrorCode::ImageInUse, "image-in-use"},
    {ErrorCode::StoreFull, "store-full"},
    {ErrorCode::DiskNotFound, "disk-not-found"},
    {ErrorCode::DiskAmbiguous, "disk-ambiguous"},
    {ErrorCode::DiskTooSmall, "disk-too-small"},
    {ErrorCode::DiskFailed, "disk-failed"},
    {ErrorCode::ConfigDriveFailed, "config-drive-failed"},
    {ErrorCode::AgentFailed, "agent-failed"},
    {ErrorCode::RebootedTooOften, "rebooted-too-often"},
    {ErrorCode::DeadlineExceeded, "deadline-exceeded"},
    {ErrorCode::Aborted, "aborted"},
    {ErrorCode::Quarantined, "quarantined"},
    {ErrorCode::Internal, "internal"},
});
static_assert(kNames.size() == static_cast<std::size_t>(ErrorCode::Internal) + 1);

std::string withoutNul(std::string text)
{
    constexpr std::string_view kShown = "\\u0000";
    for (std::size_t at = text.find('\0'); at != std::string::npos; at = text.find('\0', at + kShown.size()))
        text.replace(at, 1, kShown);
    return text;
}

} // namespace

const std::vector<ErrorCode>& allErrorCodes()
{
    static const std::vector<ErrorCode> codes = [] {
        std::vector<ErrorCode> all;
        all.reserve(std::size(kNames));
        for (const Name& name : kNames)
            all.push_back(name.code);
        return all;
    }();
    return codes;
}

Error::Error(ErrorCode code, const std::string& message, std::string hint)
    : std::runtime_error(withoutNul(message)), code_(code), hint_(std::move(hint))
{}

std::string_view toText(ErrorCode code) noexcept
{
    return kNames.at(static_cast<std::size_t>(code)).text;
}

std::optional<ErrorCode> errorCodeFromText(std::string_view text) noexcept
{
    for (const Name& name : kNames)
        if (name.text == text)
            return name.code;
    return std::nullopt;
}

void assertionFailed(const char* expression, const char* file, int line) noexcept
{
    std::fprintf(stderr, "bm: broken invariant: %s at %s:%d\n", expression, file, line);
    std::abort();
}

} // namespace bm::model
