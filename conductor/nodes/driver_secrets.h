#pragma once
#include "conductor/core/context.h"

namespace bm::conductor {

/// driver_info of @p node with its secrets sealed (HardwareTypes::isSecret). Keeps a sealed value; "******"
/// stands for the value that @p before has for that key.
model::JsonText sealDriverInfo(const Context& context, const model::Node& node,
                               const model::JsonText& before);
/// @throws Error InvalidInput when driver_info is no object or one of its values has a form that no driver
/// takes
void checkDriverKeys(const model::Node& node);

} // namespace bm::conductor
