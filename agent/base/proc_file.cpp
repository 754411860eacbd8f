#include "agent/base/proc_file.h"

#include "common/text/text.h"

#include <fstream>
#include <string>

namespace bm::agent {

std::uint64_t bytesInProcFile(const std::filesystem::path& file, std::string_view name)
{
    std::ifstream in(file);
    for (std::string line; std::getline(in, line);) {
        const std::vector<std::string_view> words = text::words(line, ": \t");
        if (words.size() >= 2 && words[0] == name)
            return text::parseNumber<std::uint64_t>(words[1]).value_or(0) * 1024;
    }
    return 0;
}

} // namespace bm::agent
