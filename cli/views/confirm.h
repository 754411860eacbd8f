#pragma once
#include <cstddef>
#include <iosfwd>
#include <string>

namespace bm::cli {

/// Where an answer comes from; tests give their own.
struct Asking {
    std::istream& in;
    std::ostream& out;
    bool terminal;
};

/// A destructive verb on many things wants their number typed. Call it once, before the first of them is
/// touched.
/// @param what  as "undeploy 12 nodes and wipe their disks' metadata", without a question mark
/// @param count what has to be typed; nothing is asked for less than two
/// @param yes   --yes was given: nothing is asked
/// @throws Error InvalidInput (not confirmed; no terminal to ask on), hint: --yes
void confirmMany(const std::string& what, std::size_t count, bool yes);
void confirmMany(const std::string& what, std::size_t count, bool yes, const Asking& asking);
/// A destructive verb on one thing wants a yes; without a terminal, --yes.
/// @throws Error InvalidInput as above
void confirmOne(const std::string& what, bool yes);
void confirmOne(const std::string& what, bool yes, const Asking& asking);

} // namespace bm::cli
