#pragma once
#include <cstddef>
#include <iosfwd>
#include <string>

namespace bm::cli {

/// The streams of a confirmation dialogue. Tests pass their own.
struct Prompt {
    std::istream& in;
    std::ostream& out;
    bool terminal;
};

/// Asks before a destructive command on several objects: the operator types their number. Call it once,
/// before the first change.
/// @param what  the action without a question mark: "undeploy 12 nodes and wipe their disks' metadata"
/// @param count the number to type; below two, no question
/// @param yes   the operator gave --yes: no question
/// @throws Error InvalidInput (not confirmed, or no terminal), hint: --yes
void confirmMany(const std::string& what, std::size_t count, bool yes);
void confirmMany(const std::string& what, std::size_t count, bool yes, const Prompt& prompt);
/// Asks before a destructive command on one object: the operator types y. Without a terminal, --yes is
/// required.
/// @throws Error InvalidInput as above
void confirmOne(const std::string& what, bool yes);
void confirmOne(const std::string& what, bool yes, const Prompt& prompt);

} // namespace bm::cli
