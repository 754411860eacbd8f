#pragma once
#include "common/model/interfaces.h"
#include "drivers/core/hardware_type.h"

#include <map>
#include <string>
#include <string_view>

namespace bm::drivers {

/// The hardware types of this bmd, by name. Call add() before threads start; later any thread may read.
class HardwareTypes {
public:
    void add(HardwareType type);
    /// @throws Error InvalidInput with Ironic's message when the type is unknown
    HardwareType& at(std::string_view name);
    const HardwareType* find(std::string_view name) const; ///< null when there is none
    bool contains(std::string_view name) const { return find(name) != nullptr; }
    auto begin() const { return types_.begin(); }
    auto end() const { return types_.end(); }
    /// Names of interfaces by hardware type and kind; borrowed.
    const model::InterfaceTable& interfaces() const { return interfaces_; }
    /// The slots of @p node's interface of @p kind. @throws Error InvalidInput: unknown type
    const Slots& slotsOf(const model::Node& node, std::string_view kind);
    /// True if the value of a driver_info key is a secret, by its name or by its property.
    bool isSecret(std::string_view type, std::string_view key) const;
    /// True if the secrets of a node of this hardware type belong to the value of @p key.
    bool guardsSecrets(std::string_view type, std::string_view key) const;
    /// True if the value of @p key is a text (Property::isText).
    bool isText(std::string_view type, std::string_view key) const;

private:
    bool has(std::string_view type, std::string_view key, bool Property::*mark) const;
    std::map<std::string, HardwareType, std::less<>> types_;
    model::InterfaceTable interfaces_;
};

} // namespace bm::drivers
