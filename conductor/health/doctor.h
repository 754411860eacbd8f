#pragma once
#include "conductor/core/context.h"

#include <atomic>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace bm::conductor {

enum class Severity : std::uint8_t { Ok, Warning, Error };
std::string_view toText(Severity severity) noexcept; ///< "ok", "warning", "error"

/// One finding of a check.
struct Finding {
    std::string check; ///< the check's name, filled in by the doctor
    Severity severity = Severity::Ok;
    std::string subject; ///< a node's name, a file ...; "" when there is only one
    std::string what;    ///< one line for people, with values
    std::string remedy;  ///< the remedy; "" for a good result
};

/// Checks one thing; ends at the deadline. An exception becomes a finding.
using Examination = std::function<std::vector<Finding>(const model::Deadline&)>;
struct Check {
    std::string name; ///< "dhcp", "tftp": stable, selects the check
    Examination examine;
};

/// Checks that bmd's parts and peers work. Checks run side by side; each is bounded by the deadline. Nothing
/// is changed. Thread-safe.
class Doctor {
public:
    /// @p checks in addition to its own check "bmc" (of all nodes' BMCs, or of the named nodes').
    Doctor(Context context, std::vector<Check> checks);
    /// The checks called @p only (none: all) in their order. @p nodes: whose BMCs (none: all nodes').
    /// @throws Error NotFound (no such check or node), Conflict (two examinations are at work already)
    std::vector<Finding> examine(const std::vector<std::string>& only, const std::vector<std::string>& nodes,
                                 const model::Deadline& deadline);
    std::vector<std::string> names() const;

private:
    std::vector<Finding> examineBmcs(const std::vector<model::Node>& nodes,
                                     const model::Deadline& deadline) const;
    std::vector<model::Node> nodesCalled(const std::vector<std::string>& names) const;
    Context context_;
    std::vector<Check> checks_;
    std::atomic<int> atWork_{0};
};

} // namespace bm::conductor
