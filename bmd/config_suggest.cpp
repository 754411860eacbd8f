#include "bmd/config_suggest.h"

#include "bmd/config_keys.h"
#include "common/text/edit_distance.h"

#include <fmt/format.h>

#include <algorithm>

namespace bm::bmd {
namespace {

std::string_view leaf(std::string_view path)
{
    return path.substr(path.rfind('.') + 1);
}

struct Nearest {
    std::string_view name;
    std::size_t far = 0;
    void offer(std::string_view candidate, std::size_t candidateFar)
    {
        if (name.empty() || candidateFar < far) {
            name = candidate;
            far = candidateFar;
        }
    }
    std::string text(std::size_t wrongLength) const
    {
        const bool near = !name.empty() && far <= std::max<std::size_t>(2, wrongLength / 3);
        return near ? fmt::format("; did you mean {}?", name) : "";
    }
};

} // namespace

std::string suggestKey(std::string_view path)
{
    Nearest nearest;
    for (const ConfigKey& key : configKeys()) {
        const bool sameSection = key.path.substr(0, key.path.find('.')) == path.substr(0, path.find('.'));
        nearest.offer(key.path, model::editDistance(leaf(path), leaf(key.path)) + (sameSection ? 0 : 1));
    }
    return nearest.text(leaf(path).size());
}

std::string suggestSection(std::string_view name)
{
    Nearest nearest;
    for (const ConfigSection& section : configSections())
        nearest.offer(section.name, model::editDistance(name, section.name));
    const std::string section = nearest.text(name.size());
    return section.empty() ? suggestKey(name) : section; // perhaps a key without its section
}

} // namespace bm::bmd
