#pragma once
#include "common/model/node.h"

#include <span>
#include <string_view>

namespace bm::model {

/// What a node of @p driver may have for "boot", "deploy" ... (Ironic's enabled interfaces); the first is the
/// default. Texts live for ever.
std::span<const std::string_view> enabledInterfaces(std::string_view driver, std::string_view kind);
/// What @p node has for it.
std::string_view interfaceOf(const Node& node, std::string_view kind);
/// A kind of interface: "bios", "boot" ... and the microversion (its minor number) that brought it.
struct InterfaceKind {
    std::string_view name;
    int since;
};
std::span<const InterfaceKind> interfaceKinds();

} // namespace bm::model
