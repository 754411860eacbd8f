#pragma once
#include "conductor/core/context.h"

#include <map>
#include <optional>
#include <string>
#include <vector>

namespace bm::conductor {

/// Selects images to remove. Of the images that match, the newest keepLast of each group stay, and those
/// younger than olderThan; so does every image that a node, a tag, a schedule or a rollout uses.
struct RetentionRule {
    std::map<std::string, std::string> labels{}; ///< all must be there
    std::string prefix{};                        ///< of the name
    std::string groupBy{}; ///< a label whose values make the groups; "": all are one group
    std::optional<std::size_t> keepLast{};
    std::optional<std::chrono::milliseconds> olderThan{};
};

struct RetentionVerdict {
    model::Image image;
    bool removed = false; ///< or would be
    std::string reason;   ///< "the newest 3 stay", "used by the tag web:stable", "older than ..."
};

struct PruneResult {
    std::vector<RetentionVerdict> verdicts; ///< of every image that matched, newest first
    std::size_t objectsRemoved = 0;         ///< of the store, which no image referred to
};

/// @throws Error InvalidInput (a rule with neither keepLast nor olderThan)
std::vector<RetentionVerdict> judgeRetention(db::Transaction& tx, const RetentionRule& rule,
                                             model::UtcTime now);
/// Removes the images that @p rule selects, each in a transaction that checks its users again, then the
/// objects of the store that no image refers to.
/// @param dryRun  removes nothing; the result is the same
PruneResult prune(const Context& context, const RetentionRule& rule, bool dryRun, const std::string& actor);

/// Removes the store's objects that no image refers to and no import holds. @return how many
std::size_t collectGarbage(const Context& context, bool dryRun);

} // namespace bm::conductor
