#include "bmd/config_suggest.h"

#include "bmd/config_keys.h"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>
#include <vector>

namespace bm::bmd {
namespace {

/// Levenshtein's distance.
std::size_t distance(std::string_view a, std::string_view b)
{
    std::vector<std::size_t> row(b.size() + 1);
    std::iota(row.begin(), row.end(), std::size_t{0});
    for (std::size_t i = 0; i < a.size(); ++i) {
        std::size_t diagonal = row[0];
        row[0] = i + 1;
        for (std::size_t j = 0; j < b.size(); ++j) {
            const std::size_t changed = diagonal + (a[i] == b[j] ? 0 : 1);
            diagonal = row[j + 1];
            row[j + 1] = std::min({changed, row[j] + 1, row[j + 1] + 1});
        }
    }
    return row[b.size()];
}

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
        nearest.offer(key.path, distance(leaf(path), leaf(key.path)) + (sameSection ? 0 : 1));
    }
    return nearest.text(leaf(path).size());
}

std::string suggestSection(std::string_view name)
{
    Nearest nearest;
    for (const ConfigSection& section : configSections())
        nearest.offer(section.name, distance(name, section.name));
    const std::string section = nearest.text(name.size());
    return section.empty() ? suggestKey(name) : section; // a key at the top level, perhaps
}

} // namespace bm::bmd
