#include "conductor/core/leases.h"

#include "common/text/host_address.h"
#include "pxe/lease_file.h"

#include <algorithm>
#include <vector>

namespace bm::conductor {

std::optional<std::string> leasedAddressOf(db::Transaction& tx, const Context& context,
                                           const model::NodeId& node)
{
    if (context.settings.leaseFile.empty())
        return std::nullopt;
    std::vector<model::MacAddress> macs;
    for (const model::Port& port : db::PortRepository{}.ofNode(tx, node))
        macs.push_back(port.mac);
    const std::optional<std::string> leased =
        pxe::leasedAddressIn(context.settings.leaseFile, macs, context.clock.now());
    const auto address = leased ? text::HostAddress::parse(*leased) : std::nullopt;
    if (!address || address->kind() == text::HostAddress::Kind::Name)
        return std::nullopt;
    return address->text();
}

bool holdsLeaseOf(db::Transaction& tx, const Context& context, const model::NodeId& node,
                  const std::string& peerAddress)
{
    const std::optional<model::MacAddress> mac =
        pxe::leaseHolderIn(context.settings.leaseFile, peerAddress, context.clock.now());
    return mac && std::ranges::any_of(db::PortRepository{}.ofNode(tx, node),
                                      [&](const model::Port& port) { return port.mac == *mac; });
}

} // namespace bm::conductor
