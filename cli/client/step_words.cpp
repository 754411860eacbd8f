#include "cli/client/step_words.h"

#include "cli/client/assignments.h"
#include "cli/client/operator_file.h"
#include "common/model/error.h"

#include <algorithm>
#include <optional>

namespace bm::cli {

using model::Error;
using model::ErrorCode;
using nlohmann::json;

namespace {

/// The place of the JSON value in the piece of @p word that begins at @p begin: KEY:=JSON, KEY={...} or
/// KEY=[...].
std::optional<std::size_t> jsonAt(const std::string& word, std::size_t begin)
{
    const std::size_t equals = word.find('=', begin);
    if (equals >= std::min(word.find(',', begin), word.size()))
        return std::nullopt;
    const bool any = equals > begin && word[equals - 1] == ':';
    const char first = equals + 1 < word.size() ? word[equals + 1] : '\0';
    return any || first == '{' || first == '[' ? std::optional(equals + 1) : std::nullopt;
}

/// The end of the piece of @p word that begins at @p begin. A comma of a JSON value ends nothing; without any
/// JSON the first comma does, and the value's own message says so.
std::size_t endOfPart(const std::string& word, std::size_t begin)
{
    const std::size_t first = std::min(word.find(',', begin), word.size());
    const std::optional<std::size_t> value = jsonAt(word, begin);
    if (!value)
        return first;
    for (std::size_t end = first;; end = std::min(word.find(',', end + 1), word.size())) {
        if (json::accept(word.substr(*value, end - *value)))
            return end;
        if (end == word.size())
            return first;
    }
}

std::vector<std::string> partsOf(const std::string& word)
{
    std::vector<std::string> parts;
    for (std::size_t begin = 0; begin <= word.size(); begin += parts.back().size() + 1)
        parts.push_back(word.substr(begin, endOfPart(word, begin) - begin));
    return parts;
}

} // namespace

json stepOf(const std::string& word)
{
    const std::vector<std::string> parts = partsOf(word);
    const std::string& name = parts.front();
    const std::size_t dot = name.find('.');
    json step = {{"step", name.substr(dot == std::string::npos ? 0 : dot + 1)}, {"args", json::object()}};
    if (dot != std::string::npos)
        step["interface"] = name.substr(0, dot);
    for (std::size_t i = 1; i < parts.size(); ++i) {
        const std::optional<Assignment> argument = assignmentOf(parts[i]);
        if (!argument)
            throw Error(ErrorCode::InvalidInput,
                        "--step " + word + ": \"" + parts[i] + "\" is not ARGUMENT=VALUE",
                        "for example: --step deploy.burnin_memory,seconds=3600");
        step["args"][argument->key] = argument->value();
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
    const json more = json::parse(readOperatorFile(file), nullptr, false);
    if (!more.is_array())
        throw Error(ErrorCode::InvalidInput, file + " is not a JSON list of steps",
                    R"([{"interface": "deploy", "step": "erase_devices_metadata"}])");
    steps.insert(steps.end(), more.begin(), more.end());
    return steps;
}

} // namespace bm::cli
