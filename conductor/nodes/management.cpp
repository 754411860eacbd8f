#include "conductor/nodes/management.h"

#include "conductor/core/node_refusals.h"
#include "conductor/core/nodes.h"
#include "conductor/nodes/node_commands.h"

#include <fmt/format.h>

namespace bm::conductor {

using model::Error;
using model::ErrorCode;
using model::Node;

namespace {

constexpr std::chrono::milliseconds kCallTimeout{30'000};

model::Deadline soon()
{
    return model::Deadline::in(kCallTimeout);
}

/// A slot of the node's interface of @p kind. @throws Error InvalidInput when the interface does not fill it
template <class T>
T& slotOf(const Context& context, const Node& node, std::string_view kind,
          std::shared_ptr<T> drivers::Slots::*slot, std::string_view what)
{
    const std::shared_ptr<T>& filled = context.hardware.slotsOf(node, kind).*slot;
    if (!filled)
        throw Error(
            ErrorCode::InvalidInput,
            fmt::format("Driver {} does not support {} (disabled or not implemented).", node.driver, what),
            fmt::format("the node's {}_interface is \"{}\"", kind, interfaceOf(context, node, kind)));
    return *filled;
}

drivers::BootControl& bootOf(const Context& context, const Node& node)
{
    return slotOf(context, node, "management", &drivers::Slots::boot, "setting the boot device");
}

drivers::BootModeControl& bootModeControlOf(const Context& context, const Node& node, std::string_view what)
{
    return slotOf(context, node, "management", &drivers::Slots::bootMode, what);
}

drivers::Indicators& indicatorsOf(const Context& context, const Node& node)
{
    return slotOf(context, node, "management", &drivers::Slots::indicators, "indicators");
}

drivers::VirtualMedia& mediaOf(const Context& context, const Node& node)
{
    return slotOf(context, node, "management", &drivers::Slots::media, "virtual media");
}

} // namespace

Node Management::found(const std::string& ident) const
{
    return context_.database.read([&](db::Transaction& tx) { return findNode(tx, ident); });
}

Node Management::unlocked(const std::string& ident) const
{
    return context_.database.read([&](db::Transaction& tx) {
        Node node = findNode(tx, ident);
        refuseBusy(tx, context_, node);
        return node;
    });
}

void Management::recordCall(const Node& node, model::EventKind kind, const std::string& message,
                            const std::string& actor) const
{
    context_.database.write([&](db::Transaction& tx) {
        recordEvent(tx, context_.clock.now(), node.id, kind, message + " by " + actor);
    });
}

std::optional<drivers::BootRequest> Management::bootDevice(const std::string& ident) const
{
    const Node node = found(ident);
    return bootOf(context_, node).bootDevice(bmcAccess(context_, node), soon());
}

void Management::setBootDevice(const std::string& ident, model::BootDevice device, bool persistent,
                               const std::string& actor) const
{
    const Node node = unlocked(ident);
    const drivers::BootRequest request{device, persistent,
                                       bootModeOf(context_, node) == model::BootMode::Uefi};
    bootOf(context_, node).setBootDevice(bmcAccess(context_, node), request, soon());
    recordCall(node, model::EventKind::BootDevice,
               fmt::format("{}, {}", model::toText(device), persistent ? "permanently" : "once"), actor);
}

std::vector<model::BootDevice> Management::supportedDevices(const std::string& ident) const
{
    const drivers::Slots& slots = context_.hardware.slotsOf(found(ident), "management");
    return slots.boot ? slots.boot->supportedDevices() : std::vector<model::BootDevice>{};
}

void Management::setBootMode(const std::string& ident, model::BootMode mode, const std::string& actor) const
{
    const Node node = unlocked(ident);
    bootModeControlOf(context_, node, "setting the boot mode")
        .setBootMode(bmcAccess(context_, node), mode, soon());
    NodeCommands(context_).update(
        node.id.uuid, [&](Node& stored) { stored.bootMode = model::toText(mode); }, actor);
}

void Management::setSecureBoot(const std::string& ident, bool on, const std::string& actor) const
{
    const Node node = unlocked(ident);
    drivers::BootModeControl& control = bootModeControlOf(context_, node, "setting Secure Boot");
    if (on && node.bootMode == model::toText(model::BootMode::Bios))
        throw Error(ErrorCode::InvalidInput, "Secure Boot needs the boot mode uefi");
    control.setSecureBoot(bmcAccess(context_, node), on, soon());
    NodeCommands(context_).update(
        node.id.uuid, [&](Node& stored) { stored.secureBoot = on; }, actor);
}

void Management::injectNmi(const std::string& ident, const std::string& actor) const
{
    const Node node = unlocked(ident);
    slotOf(context_, node, "management", &drivers::Slots::bmc, "non-maskable interrupts")
        .injectNmi(bmcAccess(context_, node), soon());
    recordCall(node, model::EventKind::NodeNmi, "non-maskable interrupt", actor);
}

std::vector<drivers::Indicator> Management::indicators(const std::string& ident) const
{
    const Node node = found(ident);
    return indicatorsOf(context_, node).list(bmcAccess(context_, node), soon());
}

std::string Management::indicatorState(const std::string& ident, const drivers::Indicator& indicator) const
{
    const Node node = found(ident);
    return indicatorsOf(context_, node).state(bmcAccess(context_, node), indicator, soon());
}

void Management::setIndicatorState(const std::string& ident, const drivers::Indicator& indicator,
                                   const std::string& state) const
{
    const Node node = unlocked(ident);
    indicatorsOf(context_, node).setState(bmcAccess(context_, node), indicator, state, soon());
}

std::vector<drivers::Medium> Management::media(const std::string& ident) const
{
    const Node node = found(ident);
    return mediaOf(context_, node).list(bmcAccess(context_, node), soon());
}

void Management::insertMedium(const std::string& ident, const drivers::Medium& medium) const
{
    const Node node = unlocked(ident);
    mediaOf(context_, node).insert(bmcAccess(context_, node), medium, soon());
}

void Management::ejectMedia(const std::string& ident, const std::vector<std::string>& deviceTypes) const
{
    const Node node = unlocked(ident);
    mediaOf(context_, node).eject(bmcAccess(context_, node), deviceTypes, soon());
}

void Management::setConsole(const std::string& ident, bool on, const std::string& actor) const
{
    const Node node = unlocked(ident);
    slotOf(context_, node, "console", &drivers::Slots::console, "a console")
        .enable(bmcAccess(context_, node), on, soon());
    NodeCommands(context_).update(
        node.id.uuid, [&](Node& stored) { stored.consoleEnabled = on; }, actor);
}

std::vector<drivers::VendorMethod> Management::vendorMethods(const std::string& ident) const
{
    const drivers::Slots& slots = context_.hardware.slotsOf(found(ident), "vendor");
    if (!slots.vendor)
        return {};
    const std::span<const drivers::VendorMethod> methods = slots.vendor->methods();
    return {methods.begin(), methods.end()};
}

drivers::VendorOutcome Management::callVendor(const std::string& ident, const drivers::VendorMethod& method,
                                              const drivers::Values& arguments,
                                              const std::string& actor) const
{
    const Node node = method.exclusive ? unlocked(ident) : found(ident);
    drivers::VendorOutcome outcome =
        slotOf(context_, node, "vendor", &drivers::Slots::vendor, "vendor passthru")
            .call(bmcAccess(context_, node), method.name, arguments, soon());
    if (outcome.event)
        recordCall(node, *outcome.event, outcome.message, actor);
    return outcome;
}

} // namespace bm::conductor
