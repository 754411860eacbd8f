#pragma once
#include "conductor/core/context.h"

namespace bm::conductor {

/// driver_info of @p node with its secrets sealed (HardwareTypes::isSecret), and with integers in secrets and
/// texts (HardwareTypes::isText) as their digits. An unchanged sealed value of @p before stays as it is, and
/// "******" stands for it; any other text is a new secret, whatever its form. @p before: the stored node,
/// null for a new one.
/// @throws Error InvalidInput: a secret that is no text and no integer
model::JsonText sealDriverInfo(const Context& context, const model::Node& node, const model::Node* before);
/// Refuses to keep a stored secret that a change of @p before to @p after would send elsewhere or protect
/// less (Property::guardsSecrets). For users of a project. @throws Error InvalidInput
void requireSecretsAgain(const drivers::HardwareTypes& hardware, const model::Node& before,
                         const model::Node& after);
/// @throws Error InvalidInput when driver_info is no object or one of its values has a form that no driver
/// takes
void checkDriverKeys(const model::Node& node);

} // namespace bm::conductor
