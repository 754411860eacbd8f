#include "common/model/kernel_arguments.h"

#include "common/model/error.h"

#include <algorithm>

namespace bm::model {

bool isKernelArgument(std::string_view word) noexcept
{
    const bool printable = std::all_of(word.begin(), word.end(), [](char c) { return c > ' ' && c <= '~'; });
    return printable && !word.empty() && !word.starts_with('#') && word != "||" && word != "&&" &&
           word != ";" && word.find("${") == std::string_view::npos;
}

void checkKernelArguments(std::string_view arguments, const std::string& field)
{
    constexpr std::size_t kMostBytes = 1500;
    if (arguments.size() > kMostBytes)
        throw Error(ErrorCode::InvalidInput, field + ": longer than 1500 bytes",
                    "a kernel takes 2047, and bm adds its own");
    while (!arguments.empty()) {
        const std::size_t end = std::min(arguments.find(' '), arguments.size());
        const std::string_view word = arguments.substr(0, end);
        if (!word.empty() && !isKernelArgument(word))
            throw Error(ErrorCode::InvalidInput,
                        field + ": a boot script cannot pass one of these words to a kernel",
                        "printable ASCII in one line; no ${, no word that is ||, && or ; or begins with #");
        arguments.remove_prefix(std::min(end + 1, arguments.size()));
    }
}

} // namespace bm::model
