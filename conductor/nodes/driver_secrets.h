#pragma once
#include "conductor/core/context.h"

namespace bm::conductor {

/// driver_info with its secrets sealed. What is sealed stays; "******" stands for @p before's value of that
/// key.
model::JsonText sealDriverInfo(const platform::SecretBox& box, const model::JsonText& given,
                               const model::JsonText& before);
/// @throws Error InvalidInput when driver_info is no object or one of its values has a form that no driver
/// takes
void checkDriverKeys(const model::Node& node);

} // namespace bm::conductor
