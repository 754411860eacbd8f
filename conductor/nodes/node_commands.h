#pragma once
#include "common/model/error.h"
#include "conductor/core/context.h"

#include <map>
#include <string>
#include <vector>

namespace bm::conductor {

/// The refusal of a portgroup that does not exist. The API gives the same one to users who may not see it.
model::Error noSuchPortGroup(const std::string& ident);

/// Creates, changes and deletes nodes and ports. Each call is one transaction with its events.
/// A node is found by uuid or name. Secrets of driver_info come in plain and are stored sealed; "******"
/// keeps the old one.
class NodeCommands {
public:
    explicit NodeCommands(Context context);

    /// Stores @p node; an empty id gets a new one. @throws Error Conflict (name, uuid or MAC taken),
    /// InvalidInput (driver, name, driver_info)
    model::Node create(model::Node node, const std::string& actor);
    /// As create, with its ports, all or nothing.
    model::Node createWithPorts(model::Node node, const std::vector<model::Port>& ports,
                                const std::string& actor);
    /// Applies @p change to the stored node. @throws Error NodeLocked (409 during a transition that does not
    /// allow updates), NotFound, Conflict, InvalidInput
    model::Node update(const std::string& ident, const std::function<void(model::Node&)>& change,
                       const std::string& actor);
    /// @throws Error NodeProtected, NodeLocked, Conflict (active with an instance; not in a state that may be
    /// deleted)
    void remove(const std::string& ident, const std::string& actor);
    void setMaintenance(const std::string& ident, bool on, const std::string& reason,
                        const std::string& actor);

    model::Port createPort(const model::Port& port, const std::string& actor);
    model::Port updatePort(const model::PortId& id, const std::function<void(model::Port&)>& change,
                           const std::string& actor);
    void removePort(const model::PortId& id, const std::string& actor);

    struct InterfaceVerdict {
        bool result = true;
        std::string reason;
    };
    /// Ironic's validate: interface ("power", "management", "boot", "deploy", ...) to verdict; deploy's
    /// names the fault of the image. No network.
    /// @param project  the user's; "": the system
    std::map<std::string, InterfaceVerdict> validate(const std::string& ident,
                                                     const std::string& project) const;

    /// By uuid or name. @throws Error NotFound
    model::Node get(const std::string& ident) const;

private:
    Context context_;
};

} // namespace bm::conductor
