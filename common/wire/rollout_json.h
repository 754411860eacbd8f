#pragma once
#include "common/model/fleet/rollout.h"
#include "common/model/image_tag.h"
#include "common/wire/json/json_writer.h"

#include <optional>
#include <string_view>

namespace bm::wire {

/// The present totals of a rollout; bytes on the network.
struct RolloutFigures {
    model::RolloutCounts counts{};
    std::uint64_t bytesDone = 0;
    std::uint64_t bytesTotal = 0;
    std::optional<std::int64_t> secondsLeft{};
};
/// Appends a rollout in the form of GET /v1/rollouts/{rollout}, without the sealed members of its request.
void writeRollout(JsonWriter& out, const model::Rollout& rollout, const RolloutFigures& figures,
                  std::string_view base);

/// The step of the operation on a rollout's node.
struct RolloutNodeFigures {
    std::string_view step; ///< "" none
    std::int64_t bytesDone = 0;
    std::int64_t bytesTotal = 0;
    std::optional<std::int64_t> secondsLeft{};
};
void writeRolloutNode(JsonWriter& out, const model::RolloutNode& node, const RolloutNodeFigures& figures);

void writeImageTag(JsonWriter& out, const model::ImageTag& tag, std::string_view imageName);
void writeImageTagChange(JsonWriter& out, const model::ImageTagChange& change);

} // namespace bm::wire
