#include "conductor/fleet/selection/selector.h"

#include "common/model/duration.h"
#include "common/model/error.h"
#include "common/text/text.h"
#include "common/wire/json/stored_json.h"

#include <algorithm>
#include <array>
#include <fmt/format.h>
#include <fnmatch.h>
#include <optional>

namespace bm::conductor::fleet {

using model::Error;
using model::ErrorCode;
using model::Node;

namespace {

using Values = std::vector<std::string>;
constexpr std::int64_t kMostOfARange = 10'000;

/// The values of a key of a node; none for a key that it lacks, which matches nothing.
struct Key {
    std::string_view name;
    Values (*of)(const SelectorFacts& facts);
};

Values one(const std::string& text)
{
    return {text};
}

Values traitsOf(const SelectorFacts& facts)
{
    Values traits;
    for (const nlohmann::json& trait : wire::valueOf(facts.node.traits))
        if (trait.is_string())
            traits.push_back(trait.get<std::string>());
    return traits;
}

constexpr auto kKeys = std::to_array<Key>({
    {"name", [](const SelectorFacts& f) { return one(f.node.name); }},
    {"uuid", [](const SelectorFacts& f) { return one(f.node.id.uuid); }},
    {"class", [](const SelectorFacts& f) { return one(f.node.resourceClass); }},
    {"trait", traitsOf},
    {"rack",
     [](const SelectorFacts& f) { return one(wire::textMember(wire::valueOf(f.node.properties), "rack")); }},
    {"owner", [](const SelectorFacts& f) { return one(f.node.owner); }},
    {"lessee", [](const SelectorFacts& f) { return one(f.node.lessee); }},
    {"group", [](const SelectorFacts& f) { return one(f.node.conductorGroup); }},
    {"shard", [](const SelectorFacts& f) { return one(f.node.shard); }},
    {"driver", [](const SelectorFacts& f) { return one(f.node.driver); }},
    {"state", [](const SelectorFacts& f) { return one(std::string(model::toText(f.node.state))); }},
    {"power", [](const SelectorFacts& f) { return one(std::string(model::toText(f.node.power))); }},
    {"maintenance", [](const SelectorFacts& f) { return one(f.node.maintenance ? "true" : "false"); }},
    {"image", [](const SelectorFacts& f) { return f.images; }},
});
constexpr std::string_view kImagedBefore = "imaged-before";

[[noreturn]] void refuseKey(const std::string& key)
{
    std::vector<std::string_view> known;
    known.reserve(std::size(kKeys));
    for (const Key& row : kKeys)
        known.push_back(row.name);
    throw Error(ErrorCode::InvalidInput, fmt::format("select: there is no key \"{}\"", key.substr(0, 80)),
                fmt::format("one of {}, {}, property.KEY, extra.KEY", fmt::join(known, ", "), kImagedBefore));
}

bool isKnown(const std::string& key)
{
    if (key == kImagedBefore || (key.starts_with("property.") && key.size() > 9) ||
        (key.starts_with("extra.") && key.size() > 6))
        return true;
    return std::any_of(kKeys.begin(), kKeys.end(), [&](const Key& row) { return row.name == key; });
}

Values valuesOf(const std::string& key, const SelectorFacts& facts)
{
    if (key.starts_with("property."))
        return one(wire::textMember(wire::valueOf(facts.node.properties), key.substr(9)));
    if (key.starts_with("extra."))
        return one(wire::textMember(wire::valueOf(facts.node.extra), key.substr(6)));
    for (const Key& row : kKeys)
        if (row.name == key)
            return row.of(facts);
    return {};
}

/// Where the number at the end of @p text begins.
std::size_t numberBegin(const std::string& text)
{
    const std::size_t last = text.find_last_not_of("0123456789");
    return last == std::string::npos ? 0 : last + 1;
}

/// "r1..r4" as r1 r2 r3 r4; "web-01..web-20" keeps its zeros.
void addRange(Values& values, const std::string& from, const std::string& to, const std::string& term)
{
    const std::size_t digits = numberBegin(from);
    const std::size_t toDigits = numberBegin(to);
    const std::int64_t low = text::parseNumber<std::int64_t>(from.substr(digits)).value_or(-1);
    const std::int64_t high = text::parseNumber<std::int64_t>(to.substr(toDigits)).value_or(-1);
    const bool fitsTogether = toDigits == 0 || from.substr(0, digits) == to.substr(0, toDigits);
    if (low < 0 || high < low || !fitsTogether)
        throw Error(ErrorCode::InvalidInput, fmt::format("select: \"{}\" is not a range", term),
                    "as r1..r4 or web-01..web-20: the same text, then a rising number");
    if (high - low >= kMostOfARange)
        throw Error(ErrorCode::InvalidInput,
                    fmt::format("select: \"{}\" spans more than {} values", term, kMostOfARange),
                    "use a glob: web-*");
    for (std::int64_t number = low; number <= high; ++number)
        values.push_back(fmt::format("{}{:0{}}", from.substr(0, digits), number, from.size() - digits));
}

void addValue(Values& values, const std::string& given, const std::string& term)
{
    const std::size_t dots = given.find("..");
    if (dots != std::string::npos && dots > 0 && dots + 2 < given.size())
        addRange(values, given.substr(0, dots), given.substr(dots + 2), term);
    else
        values.push_back(given);
}

SelectorTerm termFromText(const std::string& text)
{
    const std::size_t equals = text.find('=');
    if (equals == std::string::npos || equals == 0)
        throw Error(ErrorCode::InvalidInput,
                    fmt::format("select: \"{}\": expected KEY=VALUE", text.substr(0, 80)),
                    "as class=web,rack=r1..r4");
    SelectorTerm term;
    term.text = text;
    term.negated = text[equals - 1] == '!';
    term.key = text.substr(0, equals - (term.negated ? 1 : 0));
    if (!isKnown(term.key))
        refuseKey(term.key);
    const std::string values = text.substr(equals + 1);
    for (std::size_t begin = 0; begin <= values.size();) {
        const std::size_t end = std::min(values.find('|', begin), values.size());
        addValue(term.values, values.substr(begin, end - begin), text);
        begin = end + 1;
    }
    if (term.key == kImagedBefore)
        model::requireDuration(values, "select: imaged-before");
    return term;
}

bool imagedBefore(const SelectorTerm& term, const SelectorFacts& facts)
{
    const auto span = model::requireDuration(term.values.front(), "select: imaged-before");
    return !facts.lastDeployed || *facts.lastDeployed <= facts.now - span;
}

} // namespace

bool globFits(const std::string& pattern, const std::string& text)
{
    return ::fnmatch(pattern.c_str(), text.c_str(), 0) == 0;
}

Selector selectorFromText(const std::string& text)
{
    Selector selector;
    selector.text = text;
    for (std::size_t begin = 0; !text.empty() && begin <= text.size();) {
        const std::size_t end = std::min(text.find(',', begin), text.size());
        selector.terms.push_back(termFromText(text.substr(begin, end - begin)));
        begin = end + 1;
    }
    return selector;
}

bool fits(const SelectorTerm& term, const SelectorFacts& facts)
{
    if (term.key == kImagedBefore)
        return imagedBefore(term, facts) != term.negated;
    const Values has = valuesOf(term.key, facts);
    const bool any = std::any_of(term.values.begin(), term.values.end(), [&](const std::string& pattern) {
        return std::any_of(has.begin(), has.end(),
                           [&](const std::string& value) { return globFits(pattern, value); });
    });
    return any != term.negated;
}

bool fits(const Selector& selector, const SelectorFacts& facts)
{
    return std::all_of(selector.terms.begin(), selector.terms.end(),
                       [&](const SelectorTerm& term) { return fits(term, facts); });
}

} // namespace bm::conductor::fleet
