#pragma once
#include "common/model/clock.h"
#include "common/model/node.h"

#include <string>
#include <vector>

namespace bm::conductor::fleet {

/// One condition: "rack=r1..r4|r9", "state!=active", "image=web:stable".
struct SelectorTerm {
    std::string key;
    bool negated = false;
    std::vector<std::string> values; ///< alternatives; globs; ranges are spelled out
    std::string text;                ///< as given, for messages
};

/// Conditions on nodes, all of which must hold: "class=web,rack=r1..r4,state=available|active". Keys: name,
/// class, trait, rack, owner, lessee, group, state, power, driver, shard, image (the one that is deployed:
/// its name, id or a tag), imaged-before (a time like 6d: not deployed since), maintenance (true, false), and
/// property.KEY and extra.KEY. Values are globs (* and ?); "r1..r4" and "web-01..web-20" are ranges; |
/// separates alternatives; != negates.
struct Selector {
    std::vector<SelectorTerm> terms;
    std::string text;
    bool empty() const { return terms.empty(); }
};

/// The facts of a node that conditions compare.
struct SelectorFacts {
    const model::Node& node;
    std::vector<std::string> images; ///< names by which the deployed image goes: name, id, tags
    std::optional<model::UtcTime> lastDeployed;
    model::UtcTime now;
};

/// @throws Error InvalidInput naming the condition, with the keys that there are
Selector selectorFromText(const std::string& text);
bool fits(const SelectorTerm& term, const SelectorFacts& facts);
bool fits(const Selector& selector, const SelectorFacts& facts);
/// Shell's * and ?, whole text, case counts.
bool globFits(const std::string& pattern, const std::string& text);

} // namespace bm::conductor::fleet
