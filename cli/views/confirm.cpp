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

void confirmMany(const std::string& what, std::size_t count, bool yes, const Prompt& prompt)
{
    if (yes || count < 2)
        return;
    if (!prompt.terminal)
        throw Error(ErrorCode::InvalidInput, what + ": not confirmed; bm changed nothing",
                    "bm cannot ask without a terminal; --yes confirms");
    prompt.out << what << "? Type the number " << count << " to continue: " << std::flush;
    std::string answer;
    std::getline(prompt.in, answer);
    if (answer != std::to_string(count))
        throw Error(ErrorCode::InvalidInput, "not confirmed; bm changed nothing",
                    "--yes confirms without prompt");
}

void confirmOne(const std::string& what, bool yes)
{
    confirmOne(what, yes, {std::cin, std::cerr, ::isatty(STDIN_FILENO) == 1});
}

void confirmOne(const std::string& what, bool yes, const Prompt& prompt)
{
    if (yes)
        return;
    if (!prompt.terminal)
        throw Error(ErrorCode::InvalidInput, what + ": not confirmed; bm changed nothing",
                    "bm cannot ask without a terminal; --yes confirms");
    prompt.out << what << "? [y/N] " << std::flush;
    std::string answer;
    std::getline(prompt.in, answer);
    if (answer != "y" && answer != "Y" && answer != "yes")
        throw Error(ErrorCode::InvalidInput, "not confirmed; bm changed nothing",
                    "--yes confirms without prompt");
}

} // namespace bm::cli
