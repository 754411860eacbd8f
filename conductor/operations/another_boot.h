#pragma once
#include "conductor/core/context.h"

#include <cstdint>
#include <optional>
#include <variant>

namespace bm::conductor {

/// Another boot of the RAM disk within an operation, after the machine has restarted by itself
/// (docs/adr/0104).

/// The most times that one operation boots its RAM disk again.
inline constexpr std::int32_t kMostOtherBoots = 3;

/// True if the machine @p node has restarted in its RAM disk: somebody has asked for its script, and its
/// agent is gone. Reads one row and writes nothing.
/// @param engineStart  agents could not call before it
bool wantsAnotherBoot(db::Transaction& tx, const Context& context, const model::NodeId& node,
                      model::UtcTime engineStart);
/// Sets the steps of the RAM disk's boot back, so that the operation does them again, then the open step. A
/// held node waits meanwhile. The count of other boots is the attempts of the step expect_boot.
/// @return false when the machine has not restarted, or the open step is not one of a RAM disk that runs;
///   the error RebootedTooOften after kMostOtherBoots, for the caller to throw after the commit
std::variant<bool, model::Error> beginAnotherBoot(db::Transaction& tx, const Context& context,
                                                  const model::Operation& operation,
                                                  const std::optional<db::LeaseEpoch>& epoch,
                                                  model::UtcTime engineStart);

} // namespace bm::conductor
