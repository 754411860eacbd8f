#include "agent/disk/blkid.h"

#include "common/text/text.h"

#include <chrono>

namespace bm::agent {

namespace {

constexpr std::chrono::seconds kBlkidDeadline{30};

} // namespace

std::map<std::string, std::string> blkid(const std::string& path, platform::Exec& exec,
                                         const model::Deadline& deadline)
{
    const platform::Exit exit =
        exec.run({{"blkid", "-p", "-o", "export", path}}, deadline.atMost(kBlkidDeadline));
    std::map<std::string, std::string> tags;
    for (std::string_view rest = exit.out; !rest.empty();) {
        const std::string_view line = text::takeLine(rest);
        if (const std::size_t equals = line.find('='); equals != std::string_view::npos)
            tags.insert_or_assign(std::string(line.substr(0, equals)), std::string(line.substr(equals + 1)));
    }
    return tags;
}

} // namespace bm::agent
