#pragma once
#include "conductor/core/context.h"

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace bm::conductor {

/// A value of a node that a request may not write. An earlier version may have stored it.
struct RefusedValue {
    std::string field; ///< "name", "properties/health_address"
    std::string why;   ///< for people; the value is shortened, a secret is left out
    std::string hint;

    /// "properties/root_device.size: ...": the reason may begin with a path inside the value
    std::string text() const;
};

/// The values of @p node that a request may not write: values which bm passes to programs, URLs, boot scripts
/// and DHCP answers, each by its rule. Sealed secrets are not opened.
std::vector<RefusedValue> refusedValues(const drivers::HardwareTypes& hardware, const model::Node& node);
/// Refuses a request that leads from @p before (null: a new node) to @p node. A value that @p before has,
/// too, stays: stored data keeps working until it is changed. @throws Error InvalidInput
void refuseValues(const Context& context, const model::Node& node, const model::Node* before);
/// The words that stand in place of a node in addresses below /v1/nodes.
std::span<const std::string_view> reservedNodeNames();
/// The VLAN of driver_info/provisioning_vlan, if any. @throws Error InvalidInput: no VLAN
std::optional<int> provisioningVlanOf(const model::Node& node);

} // namespace bm::conductor
