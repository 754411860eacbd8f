#pragma once
#include "common/model/node.h"

#include <functional>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace bm::model {

/// The names that each hardware type has for each kind of interface (Ironic's enabled interfaces); the first
/// name of a kind is the default. Fill it before threads start; any thread reads it afterwards.
class InterfaceTable {
public:
    void add(std::string_view driver, std::string_view kind, std::string_view name);
    /// Borrowed from the table. A driver or kind that the table does not have has "noop" alone.
    std::span<const std::string> enabled(std::string_view driver, std::string_view kind) const;
    /// The name of @p node's interface of @p kind; borrowed from the table.
    std::string_view interfaceOf(const Node& node, std::string_view kind) const;

private:
    using Kinds = std::map<std::string, std::vector<std::string>, std::less<>>;
    std::map<std::string, Kinds, std::less<>> drivers_;
};

/// A kind of interface: "bios", "boot" ... and the minor number of its first microversion.
struct InterfaceKind {
    std::string_view name;
    int since;
};
std::span<const InterfaceKind> interfaceKinds();

} // namespace bm::model
