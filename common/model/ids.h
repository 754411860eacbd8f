#pragma once
#include <compare>
#include <functional>
#include <string>
#include <string_view>

namespace bm::model {

/// A random (version 4) UUID in lower case, RFC 9562.
std::string makeUuid();
/// True if @p text is a UUID in its usual hyphenated form, either case.
bool isUuid(std::string_view text) noexcept;

/// One strong type per kind of id, so that no caller passes a port's id as a node's. The header of a resource
/// names its own kind.
template <class Tag> struct Id {
    std::string uuid;
    static Id make() { return Id{makeUuid()}; }
    bool empty() const { return uuid.empty(); }
    // NOLINTNEXTLINE(modernize-use-nullptr): the compiler's comparison has a 0
    auto operator<=>(const Id&) const = default;
};

using NodeId = Id<struct NodeTag>;
using PortId = Id<struct PortTag>;
using ImageId = Id<struct ImageTag>;
using OperationId = Id<struct OperationTag>;
using StepId = Id<struct StepTag>;
using RolloutId = Id<struct RolloutTag>;

} // namespace bm::model

template <class Tag> struct std::hash<bm::model::Id<Tag>> {
    std::size_t operator()(const bm::model::Id<Tag>& id) const noexcept
    {
        return std::hash<std::string>{}(id.uuid);
    }
};
