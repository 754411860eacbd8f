#include "cli/views/confirm.h"

#include "common/model/error.h"

#include <iostream>
#include <unistd.h>

namespace bm::cli {

using model::Error;
using model::ErrorCode;

void confirmMany(const std::string& what, std::size_t count, bool yes)
{
    confirmMany(what, count, yes, {std::cin, std::cerr, ::isatty(STDIN_FILENO) == 1});
}

void confirmMany(const std::string& what, std::size_t count, bool yes, const Asking& asking)
{
    if (yes || count < 2)
        return;
    if (!asking.terminal)
        throw Error(ErrorCode::InvalidInput, what + ": not confirmed, nothing was done",
                    "there is no terminal to ask on: --yes answers for you");
    asking.out << what << "? Type the number " << count << " to go on: " << std::flush;
    std::string answer;
    std::getline(asking.in, answer);
    if (answer != std::to_string(count))
        throw Error(ErrorCode::InvalidInput, "not confirmed, nothing was done", "--yes answers for you");
}

void confirmOne(const std::string& what, bool yes)
{
    confirmOne(what, yes, {std::cin, std::cerr, ::isatty(STDIN_FILENO) == 1});
}

void confirmOne(const std::string& what, bool yes, const Asking& asking)
{
    if (yes)
        return;
    if (!asking.terminal)
        throw Error(ErrorCode::InvalidInput, what + ": not confirmed, nothing was done",
                    "there is no terminal to ask on: --yes answers for you");
    asking.out << what << "? [y/N] " << std::flush;
    std::string answer;
    std::getline(asking.in, answer);
    if (answer != "y" && answer != "Y" && answer != "yes")
        throw Error(ErrorCode::InvalidInput, "not confirmed, nothing was done", "--yes answers for you");
}

} // namespace bm::cli
