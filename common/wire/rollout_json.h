#pragma once
#include "common/model/image_tag.h"
#include "common/model/rollout.h"
#include "common/wire/json/json_writer.h"

#include <optional>
#include <string_view>

namespace bm::wire {

/// What a rollout amounts to at the moment; bytes as they cross the network.
struct RolloutFigures {
    model::RolloutCounts counts{};
    std::uint64_t bytesDone = 0;
    std::uint64_t bytesTotal = 0;
    std::optional<std::int64_t> secondsLeft{};
};
/// Appends a rollout as GET /v1/rollouts/{rollout} shows it; what is sealed of its request is left out.
void writeRollout(JsonWriter& out, const model::Rollout& rollout, const RolloutFigures& figures,
                  std::string_view base);

/// What the operation of a rollout's node is at.
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
