#include "cli/client/step_words.h"

#include "cli/client/assignments.h"
#include "common/model/error.h"
#include "common/platform/files.h"

#include <CLI/CLI.hpp>

namespace bm::cli {

using model::Error;
using model::ErrorCode;
using nlohmann::json;

json stepOf(const std::string& word)
{
    const std::vector<std::string> parts = CLI::detail::split(word, ',');
    const std::string& name = parts.front();
    const std::size_t dot = name.find('.');
    json step = {{"step", name.substr(dot == std::string::npos ? 0 : dot + 1)}, {"args", json::object()}};
    if (dot != std::string::npos)
        step["interface"] = name.substr(0, dot);
    for (std::size_t i = 1; i < parts.size(); ++i) {
        const std::size_t equals = parts[i].find('=');
        if (equals == std::string::npos || equals == 0)
            throw Error(ErrorCode::InvalidInput,
                        "--step " + word + ": \"" + parts[i] + "\" is not ARGUMENT=VALUE",
                        "for example: --step deploy.burnin_memory,seconds=3600");
        step["args"][parts[i].substr(0, equals)] = valueOf(parts[i].substr(equals + 1));
    }
    return step;
}

json stepsOf(const std::vector<std::string>& words, const std::string& file)
{
    json steps = json::array();
    for (const std::string& word : words)
        steps.push_back(stepOf(word));
    if (file.empty())
        return steps;
    const json more = json::parse(platform::readFile(file), nullptr, false);
    if (!more.is_array())
        throw Error(ErrorCode::InvalidInput, file + " is not a JSON list of steps",
                    R"([{"interface": "deploy", "step": "erase_devices_metadata"}])");
    steps.insert(steps.end(), more.begin(), more.end());
    return steps;
}

} // namespace bm::cli
