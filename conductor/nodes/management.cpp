#include "conductor/nodes/management.h"

#include "common/model/interfaces.h"
#include "conductor/core/node_refusals.h"
#include "conductor/core/nodes.h"

#include <fmt/format.h>

namespace bm::conductor {

namespace {

constexpr std::chrono::milliseconds kCallTimeout{30'000};

model::Deadline soon()
{
    return model::Deadline::in(kCallTimeout);
}

drivers::ManagementDriver& driverOf(const Context& context, const model::Node& node)
{
    if (model::interfaceOf(node, "management") == "noop")
        throw model::Error(model::ErrorCode::InvalidInput,
                           "Node " + node.id.uuid +
                               " has the management_interface \"noop\": nothing can be asked of it");
    return *hardwareOf(context, node).management;
}

} // namespace

model::Node Management::unlocked(const std::string& ident) const
{
    return context_.database.read([&](db::Transaction& tx) {
        model::Node node = findNode(tx, ident);
        refuseBusy(tx, context_, node);
        return node;
    });
}

void Management::tell(const model::Node& node, std::string_view kind, const std::string& message,
                      const std::string& actor) const
{
    context_.database.write([&](db::Transaction& tx) {
        note(tx, context_.clock.now(), node.id, kind, message + " by " + actor);
    });
}

std::optional<drivers::BootRequest> Management::bootDevice(const std::string& ident) const
{
    const model::Node node = context_.database.read([&](db::Transaction& tx) { return findNode(tx, ident); });
    return driverOf(context_, node).bootDevice(bmcAccess(context_, node), soon());
}

void Management::setBootDevice(const std::string& ident, model::BootDevice device, bool persistent,
                               const std::string& actor) const
{
    const model::Node node = unlocked(ident);
    const drivers::BootRequest request{device, persistent,
                                       bootModeOf(context_, node) == model::BootMode::Uefi};
    driverOf(context_, node).setBootDevice(bmcAccess(context_, node), request, soon());
    tell(node, "boot.device", fmt::format("{}, {}", model::toText(device), persistent ? "for good" : "once"),
         actor);
}

void Management::injectNmi(const std::string& ident, const std::string& actor) const
{
    const model::Node node = unlocked(ident);
    driverOf(context_, node).injectNmi(bmcAccess(context_, node), soon());
    tell(node, "node.nmi", "non-maskable interrupt", actor);
}

void Management::resetBmc(const std::string& ident, bool warm, const std::string& actor) const
{
    const model::Node node = unlocked(ident);
    driverOf(context_, node).resetBmc(bmcAccess(context_, node), warm, soon());
    tell(node, "bmc.reset", warm ? "warm" : "cold", actor);
}

std::string Management::sendRaw(const std::string& ident, const std::vector<std::uint8_t>& bytes,
                                const std::string& actor) const
{
    const model::Node node = unlocked(ident);
    std::string answer = driverOf(context_, node).sendRaw(bmcAccess(context_, node), bytes, soon());
    tell(node, "bmc.raw", std::to_string(bytes.size()) + " bytes", actor);
    return answer;
}

std::vector<model::BootDevice> Management::supportedDevices()
{
    using enum model::BootDevice;
    return {Pxe, Disk, Cdrom, Bios, Safe};
}

} // namespace bm::conductor
