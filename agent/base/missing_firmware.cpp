#include "agent/base/missing_firmware.h"

#include "common/text/printable.h"

#include <fmt/format.h>
#include <fstream>

namespace bm::agent {

std::vector<std::string> missingFirmware(const std::filesystem::path& file)
{
    std::vector<std::string> sentences;
    std::ifstream lines(file);
    for (std::string line; std::getline(lines, line);) {
        const std::size_t first = line.find(' ');
        const std::size_t second = first == std::string::npos ? first : line.find(' ', first + 1);
        if (second == std::string::npos)
            continue;
        sentences.push_back(fmt::format("{} lacks its firmware {}; Debian's package: {}",
                                        text::printable(line.substr(second + 1)),
                                        text::printable(line.substr(0, first)),
                                        text::printable(line.substr(first + 1, second - first - 1))));
    }
    return sentences;
}

} // namespace bm::agent
