#pragma once
#include "common/model/image.h"
#include "db/engine/database.h"

#include <map>
#include <set>
#include <string>
#include <vector>

namespace bm::conductor {

/// The users of images, read in one transaction.
class ImageUsers {
public:
    explicit ImageUsers(db::Transaction& tx);
    /// Unfinished deployments, tags, schedules and open rollouts (the image they put on nodes, and the one
    /// they would put back), as "the tag web:stable", ...; empty: no user
    std::vector<std::string> wanting(const model::Image& image) const;
    /// The nodes that have it now, as "the node rack1-07".
    std::vector<std::string> carrying(const model::Image& image) const;

private:
    void readNodes(db::Transaction& tx);
    void readRollouts(db::Transaction& tx);
    void readSchedules(db::Transaction& tx);
    std::vector<std::string> of(const std::map<std::string, std::set<std::string>>& users,
                                const model::Image& image) const;

    /// By the image's id, its name, a tag of it or its content id: whatever a user calls it.
    std::map<std::string, std::set<std::string>> wanting_;
    std::map<std::string, std::set<std::string>> carrying_;
    std::map<std::string, std::set<std::string>> tagsOf_; ///< by image id
};

/// Images that are still being captured by an unfinished operation.
bool isBeingCaptured(db::Transaction& tx, const model::Image& image);

} // namespace bm::conductor
