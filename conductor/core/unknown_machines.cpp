#include "conductor/core/unknown_machines.h"

#include "common/text/printable.h"
#include "db/repositories/unknown_machine_repository.h"

namespace bm::conductor {
namespace {

constexpr std::size_t kVendorClassText = 80; // bytes
constexpr std::size_t kMachineAddressText = 64;

} // namespace

void UnknownMachines::note(const model::MacAddress& mac, const std::string& address,
                           const std::string& vendorClass, model::UtcTime now)
{
    if (mac.text == kDoctorMac)
        return;
    const auto seen = seen_.lock();
    model::UnknownMachine& machine =
        seen->use(mac.text, [&] { return model::UnknownMachine{.mac = mac, .firstSeenAt = now}; });
    machine.lastSeenAt = now;
    ++machine.requests;
    if (!vendorClass.empty())
        machine.vendorClass = text::shortPrintable(vendorClass, kVendorClassText);
    if (!address.empty())
        machine.lastAddress = text::shortPrintable(address, kMachineAddressText);
}

void UnknownMachines::flush(db::Database& database)
{
    const auto noted = seen_.lock()->take();
    database.write([&](db::Transaction& tx) {
        const db::UnknownMachineRepository machines;
        for (const auto& [mac, machine] : noted)
            machines.add(tx, machine);
        machines.trim(tx, kMost);
    });
}

} // namespace bm::conductor
