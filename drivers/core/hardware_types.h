#pragma once
#include "common/model/interfaces.h"
#include "drivers/core/hardware_type.h"

#include <map>
#include <string>
#include <string_view>

namespace bm::drivers {

/// The hardware types of this bmd, by name. Filled by add() before threads start; read by any thread after.
class HardwareTypes {
public:
    void add(HardwareType type);
    /// @throws Error InvalidInput, in Ironic's words, when there is none called so
    HardwareType& at(std::string_view name);
    bool contains(std::string_view name) const { return types_.contains(name); }
    auto begin() const { return types_.begin(); }
    auto end() const { return types_.end(); }
    /// Names of interfaces by hardware type and kind; borrowed.
    const model::InterfaceTable& interfaces() const { return interfaces_; }
    /// The slots of the interface of @p kind that @p node has. @throws Error InvalidInput: no such type
    const Slots& slotsOf(const model::Node& node, std::string_view kind);
    /// Whether the value of a driver_info key is a secret: by its name, or as the property says.
    bool isSecret(std::string_view type, std::string_view key) const;

private:
    std::map<std::string, HardwareType, std::less<>> types_;
    model::InterfaceTable interfaces_;
};

} // namespace bm::drivers
