// The step inspect: reports the machine's hardware.
#include "agent/hardware/inspection/inspect_step.h"

#include "agent/base/stop_wait.h"
#include "agent/disk/inventory_reader.h"
#include "agent/hardware/inspection/inspection.h"
#include "agent/hardware/inspection/links_up.h"
#include "agent/hardware/inspection/lldp_listener.h"
#include "common/model/error.h"
#include "common/wire/steps/inspect.h"

#include <algorithm>
#include <fmt/format.h>
#include <optional>

namespace bm::agent {

using namespace std::chrono_literals;

namespace {

constexpr std::uint64_t kLongestLldpSeconds = 600;
constexpr std::chrono::seconds kLinkPatience{5}; ///< copper links negotiate for about three seconds

std::vector<std::string> names(const std::vector<wire::Nic>& nics, bool withCarrierOnly)
{
    std::vector<std::string> out;
    for (const wire::Nic& nic : nics)
        if (nic.carrier || !withCarrierOnly)
            out.push_back(nic.name);
    return out;
}

/// Waits until NICs that were down have negotiated their links.
std::vector<wire::Nic> nicsOnceLinked(const StepContext& context)
{
    const model::Deadline deadline = model::Deadline::in(kLinkPatience, context.stop);
    std::vector<wire::Nic> nics = readNics();
    while (!deadline.over() && std::ranges::any_of(nics, [](const wire::Nic& nic) { return !nic.carrier; })) {
        waitUnlessStopped(200ms, context.stop);
        nics = readNics();
    }
    return nics;
}

void askSwitches(const StepContext& context, std::chrono::seconds span, Inspection& out)
{
    std::optional<LinksUp> up;
    if (context.mayChangeMachine) {
        up.emplace(names(out.inventory.nics, false), context.log);
        if (up->any())
            out.inventory.nics = nicsOnceLinked(context);
    }
    context.progress.message(fmt::format("listening for LLDP, {} s at most", span.count()));
    out.askedLldp = true;
    out.lldp =
        listenForLldp(names(out.inventory.nics, true), context.log, model::Deadline::in(span, context.stop));
}

std::chrono::seconds lldpSpan(const StepContext& context)
{
    const std::uint64_t seconds =
        wire::fromJson<wire::InspectArguments>(context.arguments.text, "inspect").lldpSeconds;
    if (seconds > kLongestLldpSeconds)
        throw model::Error(
            model::ErrorCode::InvalidInput,
            fmt::format("inspect.lldp_seconds is {}; it must be at most {}", seconds, kLongestLldpSeconds));
    return std::chrono::seconds{seconds};
}

} // namespace

model::JsonText inspectStep(const StepContext& context)
{
    const std::chrono::seconds span = lldpSpan(context);
    context.progress.message("reading the machine's hardware");
    Inspection found{readInventory(context.bootInterface)};
    found.inventory.disks = context.disks();
    if (span > 0s)
        askSwitches(context, span, found);
    found.facts = readMachineFacts();
    found.addresses = hostAddresses();
    for (const wire::Nic& nic : found.inventory.nics)
        found.nicIds.emplace(nic.name, readNicIds(nic.name));
    return wire::canonical(toIronicJson(found));
}

} // namespace bm::agent
