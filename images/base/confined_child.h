#pragma once
#include "common/model/deadline.h"

#include <cstddef>
#include <functional>
#include <span>
#include <string>
#include <vector>

namespace bm::images {

struct ChildTask {
    std::vector<std::string> argv;
    int inputFd = -1; ///< its stdin, borrowed; -1: /dev/null
    std::function<void(std::span<const std::byte>)>
        output;                 ///< what it writes to stdout, as it comes; may throw
    std::function<void()> tick; ///< at least every 200 ms; may throw: the child is killed
};

struct ChildEnd {
    int code = -1;   ///< 128 + signal where a signal ended it
    std::string err; ///< the first 8 KiB of its stderr, without trailing white space
};

/// Runs a child to its end while handing out its output; kills it when the deadline passes or a callback
/// throws.
/// @throws Error DeadlineExceeded, Aborted, NotFound (no such program)
ChildEnd runChild(const ChildTask& task, const model::Deadline& deadline);

/// @throws Error Aborted (stopped) or DeadlineExceeded where @p deadline is over
void throwIfOver(const model::Deadline& deadline);

/// Where bm-convert is: @p configured, or beside this program, in its build folder or in libexec.
/// @throws Error NotFound
std::string convertHelper(const std::string& configured);

} // namespace bm::images
