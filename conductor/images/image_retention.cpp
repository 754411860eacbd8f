#include "conductor/images/image_retention.h"

#include "common/wire/json/stored_json.h"
#include "conductor/core/nodes.h"
#include "conductor/images/image_users.h"

#include <algorithm>

namespace bm::conductor {

using model::Error;
using model::ErrorCode;
using model::Image;

namespace {

bool matches(const Image& image, const RetentionRule& rule)
{
    if (image.state != model::ImageState::Ready && image.state != model::ImageState::Broken)
        return false;
    const nlohmann::json labels = wire::valueOf(image.labels);
    return image.name.starts_with(rule.prefix) && std::ranges::all_of(rule.labels, [&](const auto& wanted) {
               return labels.contains(wanted.first) &&
                      wire::textMember(labels, wanted.first) == wanted.second;
           });
}

std::string groupOf(const Image& image, const RetentionRule& rule)
{
    return rule.groupBy.empty() ? "" : wire::textMember(wire::valueOf(image.labels), rule.groupBy);
}

std::string usedBy(const ImageUsers& users, const Image& image)
{
    std::vector<std::string> names = users.wanting(image);
    if (names.empty())
        names = users.carrying(image);
    if (names.empty())
        return {};
    return "used by " + names.front() +
           (names.size() == 1 ? "" : " and " + std::to_string(names.size() - 1) + " more");
}

/// @param rank  0: the newest of its group
RetentionVerdict judge(const Image& image, std::size_t rank, const RetentionRule& rule,
                       const ImageUsers& users, model::UtcTime now)
{
    if (rule.keepLast && rank < *rule.keepLast)
        return {image, false, "among the newest " + std::to_string(*rule.keepLast)};
    if (rule.olderThan && now - image.createdAt < *rule.olderThan)
        return {image, false, "young enough"};
    if (const std::string user = usedBy(users, image); !user.empty())
        return {image, false, user};
    return {image, true, "it is unused"};
}

/// Removes an image that the rule selected, unless it has a user by now.
/// @return the verdict after the removal, or the image's new user
RetentionVerdict removeOne(const Context& context, const RetentionVerdict& verdict, const std::string& actor)
{
    return context.database.write([&](db::Transaction& tx) -> RetentionVerdict {
        const db::ImageRepository images;
        const std::optional<Image> image = images.find(tx, verdict.image.id);
        if (!image)
            return {verdict.image, true, ""};
        if (const std::string user = usedBy(ImageUsers(tx), *image); !user.empty())
            return {verdict.image, false, user};
        images.remove(tx, image->id);
        recordEvent(tx, context.clock.now(), {}, model::EventKind::ImageDeleted,
                    image->name + " by " + actor + " (prune)");
        return verdict;
    });
}

/// In the writer: an import that ends is committed before, or still holds its content.
bool collectOne(const Context& context, const std::string& content, bool dryRun)
{
    bool collected = false; // of all tries: a rollback brings no file back
    const bool unused = context.database.write([&](db::Transaction& tx) {
        if (db::ImageRepository{}.countWithContent(tx, content) > 0)
            return false;
        collected = (!dryRun && context.images.collect(content)) || collected;
        return true;
    });
    return dryRun ? unused : collected;
}

} // namespace

std::vector<RetentionVerdict> judgeRetention(db::Transaction& tx, const RetentionRule& rule,
                                             model::UtcTime now)
{
    if (!rule.keepLast && !rule.olderThan)
        throw Error(ErrorCode::InvalidInput, "keep_last or older_than_seconds: one of them is needed",
                    "for example bm image prune --prefix web- --keep-last 3 --dry-run");
    std::vector<Image> images = db::ImageRepository{}.all(tx);
    std::erase_if(images, [&](const Image& image) { return !matches(image, rule); });
    std::ranges::stable_sort(images,
                             [](const Image& a, const Image& b) { return a.createdAt > b.createdAt; });
    const ImageUsers users(tx);
    std::map<std::string, std::size_t> ranks;
    std::vector<RetentionVerdict> verdicts;
    verdicts.reserve(images.size());
    for (const Image& image : images)
        verdicts.push_back(judge(image, ranks[groupOf(image, rule)]++, rule, users, now));
    return verdicts;
}

std::size_t collectGarbage(const Context& context, bool dryRun)
{
    std::size_t removed = 0;
    for (const std::string& content : context.images.contents())
        removed += collectOne(context, content, dryRun) ? 1U : 0U;
    return removed;
}

PruneResult prune(const Context& context, const RetentionRule& rule, bool dryRun, const std::string& actor)
{
    PruneResult result;
    result.verdicts = context.database.read(
        [&](db::Transaction& tx) { return judgeRetention(tx, rule, context.clock.now()); });
    for (RetentionVerdict& verdict : result.verdicts) {
        if (dryRun || !verdict.removed)
            continue;
        verdict = removeOne(context, verdict, actor);
        if (verdict.removed && !verdict.image.contentId.empty())
            collectOne(context, verdict.image.contentId, false);
    }
    result.objectsRemoved = collectGarbage(context, dryRun);
    return result;
}

} // namespace bm::conductor
