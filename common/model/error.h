#pragma once
#include <cstdint>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace bm::model {

/// The kind of a failure. Its kebab-case name is part of the API (docs/errors.md): bm stores and sends it and
/// never renames it.
enum class ErrorCode : std::uint8_t {
    InvalidInput,
    NotFound,
    Conflict,
    NodeLocked,
    NodeProtected,
    InvalidTransition,
    Unauthorized,
    Forbidden,
    NotAcceptable,
    UnsupportedMediaType,
    MethodNotAllowed,
    TooLarge,
    RequestTimeout,
    Unavailable,
    UntrustedServer,
    BmcUnreachable,
    BmcAuthFailed,
    BmcBusy,
    BmcUnsupported,
    BmcSessionLimit,
    BmcRejected,
    BmcBadReply,
    BmcResting,
    ChecksumMismatch,
    ImageUnsupported,
    ImageCorrupt,
    ImageTooLarge,
    ImageInUse,
    StoreFull,
    DiskNotFound,
    DiskAmbiguous,
    DiskTooSmall,
    DiskFailed,
    ConfigDriveFailed,
    AgentFailed,
    RebootedTooOften,
    DeadlineExceeded,
    Aborted,
    Quarantined,
    Internal,
};

/// All codes, in the enum's order.
const std::vector<ErrorCode>& allErrorCodes();
std::string_view toText(ErrorCode code) noexcept;
std::optional<ErrorCode> errorCodeFromText(std::string_view text) noexcept;

/// A failure for the operator: code (API), message (what happened, with values), hint (what to do).
class Error : public std::runtime_error {
public:
    /// A NUL of @p message, which would end what(), becomes "\\u0000".
    Error(ErrorCode code, const std::string& message, std::string hint = {});
    ErrorCode code() const noexcept { return code_; }
    std::string message() const { return what(); }
    const std::string& hint() const noexcept { return hint_; }
    /// The same failure seen from one level up: "deploying rack1-07: <message>".
    Error during(const std::string& step) const { return {code_, step + ": " + what(), hint_}; }

private:
    ErrorCode code_;
    std::string hint_;
};

/// Ends the process: bm's code has a defect. Foreign input never triggers it.
[[noreturn]] void assertionFailed(const char* expression, const char* file, int line) noexcept;

} // namespace bm::model

#define BM_ASSERT(expression)                                                                                \
    ((expression) ? static_cast<void>(0) : ::bm::model::assertionFailed(#expression, __FILE__, __LINE__))
