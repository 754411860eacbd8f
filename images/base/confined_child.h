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
    int inputFd = -1; ///< stdin of the child, borrowed; -1: /dev/null
    std::function<void(std::span<const std::byte>)>
        output;                 ///< receives each piece of the child's stdout; may throw
    std::function<void()> tick; ///< called at least every 200 ms; an exception kills the child
};

struct ChildEnd {
    int code = -1;   ///< exit code, or 128 + signal
    std::string err; ///< the first 8 KiB of stderr, without trailing white space
};

/// Runs a child and passes its output to the callback. Kills the child when the deadline passes or a callback
/// throws.
/// @throws Error DeadlineExceeded, Aborted, NotFound (no such program)
ChildEnd runChild(const ChildTask& task, const model::Deadline& deadline);

/// @throws Error Aborted when @p deadline was stopped, DeadlineExceeded when it has passed
void throwIfOver(const model::Deadline& deadline);

/// The path of bm-convert: @p configured, else beside this program, in its build folder or in libexec.
/// @throws Error NotFound
std::string convertHelper(const std::string& configured);

} // namespace bm::images
