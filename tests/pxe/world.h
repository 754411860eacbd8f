#pragma once
#include "common/platform/files.h"
#include "common/platform/guarded.h"
#include "common/platform/supervisor.h"
#include "pxe/boot_services.h"
#include "tests/pxe/network.h"
#include "tests/pxe/settings.h"
#include "tests/support/places.h"

#include <nlohmann/json.hpp>

namespace bm::tests {

inline const std::string kKnown = "52:54:00:77:00:01";
inline const std::string kUnknown = "52:54:00:77:00:99";

/// The test network with BootServices on its server's side; collects their contacts.
struct World {
    explicit World(const std::function<void(pxe::BootSettings&)>& change = {})
        : settings(tests::settings(folder.path() / "run"))
    {
        if (change)
            change(settings);
        services = std::make_unique<pxe::BootServices>(
            settings, [this](const pxe::BootContact& contact) { contacts.lock()->push_back(contact); });
    }
    void start()
    {
        services->setHosts({{*model::macFromText(kKnown), "rack1-07", true}});
        services->start();
    }
    /// The answers to a machine's firmware: {"offers": [...], "ack": {...}|null}.
    nlohmann::json firmware(const std::string& mac, std::vector<std::string> arguments = {}) const
    {
        arguments.insert(arguments.begin(),
                         {"/usr/bin/python3", tests::sourceFolder() + "/tests/pxe/dhcp_client.py", "c0", mac,
                          "--wait", "2"});
        const platform::Exit exit = network.onMachines(arguments);
        if (exit.code != 0)
            throw std::runtime_error(exit.err);
        return nlohmann::json::parse(exit.out);
    }
    /// Waits for a contact of @p kind by @p who (a MAC or an IP address).
    std::optional<pxe::BootContact> contact(const std::string& kind, const std::string& who)
    {
        std::optional<pxe::BootContact> found;
        within([&] {
            for (const pxe::BootContact& each : *contacts.lock())
                if (model::toText(each.kind) == kind &&
                    (each.address == who || (each.mac && each.mac->text == who)))
                    found = each;
            return found.has_value();
        });
        return found;
    }
    std::vector<int> children() const { return processesWith(settings.runFolder.string()); }

    Network network;
    platform::TemporaryFolder folder{"bm-pxe"};
    platform::Guarded<std::vector<pxe::BootContact>> contacts;
    pxe::BootSettings settings;
    std::unique_ptr<pxe::BootServices> services; // last: reports into the above
};

} // namespace bm::tests
