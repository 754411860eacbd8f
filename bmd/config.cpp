#include "bmd/config.h"

#include "bmd/config_values.h"
#include "common/model/error.h"

#include <fmt/format.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <iterator>

namespace bm::bmd {

using model::Error;
using model::ErrorCode;

bool Config::apiUsesTls() const
{
    return tls == TlsMode::On ||
           (tls == TlsMode::Auto && (!api.certificateFile.empty() || !isLoopback(api.address)));
}

std::string ConfigFinding::text() const
{
    return line == 0 ? fmt::format("{}: {}", file, message)
                     : fmt::format("{}:{}:{}: {}", file, line, column, message);
}

Config readConfig(const std::filesystem::path& file, bool mayBeAbsent)
{
    std::error_code error;
    if (!std::filesystem::exists(file, error) && !error) {
        if (mayBeAbsent)
            return defaultConfig();
        throw Error(ErrorCode::NotFound, fmt::format("there is no configuration file {}", file.string()),
                    "bmd --print-config prints one with every key");
    }
    std::ifstream stream(file);
    if (!stream || std::filesystem::is_directory(file, error))
        throw Error(ErrorCode::InvalidInput, fmt::format("cannot read {}: {}", file.string(),
                                                         stream ? "is a directory" : std::strerror(errno)));
    const std::string yaml{std::istreambuf_iterator<char>(stream), {}};
    std::vector<ConfigFinding> findings;
    Config config = parseConfig(yaml, file.string(), findings);
    if (findings.empty())
        return config;
    std::string lines;
    for (const ConfigFinding& finding : findings)
        lines += (lines.empty() ? "" : "\n") + finding.text();
    throw Error(ErrorCode::InvalidInput, lines,
                "bmd --print-config documents every key; bmd --check checks a file");
}

} // namespace bm::bmd
