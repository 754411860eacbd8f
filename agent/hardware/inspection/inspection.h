#pragma once
#include "agent/hardware/inspection/host_addresses.h"
#include "agent/hardware/inspection/lldp_frame.h"
#include "agent/hardware/inspection/machine_facts.h"
#include "common/wire/agent/inventory.h"

#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace bm::agent {

/// The results of an inspection.
struct Inspection {
    wire::Inventory inventory;
    MachineFacts facts{};
    std::map<std::string, PciIds> nicIds{}; ///< by interface
    std::vector<HostAddress> addresses{};
    bool askedLldp = false;
    std::map<std::string, LldpFrame> lldp{}; ///< by interface
};

/// {"inventory": ...} as Ironic's agent sends it (ironic-python-agent, hardware.list_hardware_info), with
/// more members; unknown values are null. An interface's "lldp" is Ironic's list of [type, hex value], and
/// its "lldp_neighbor" the decoded list.
nlohmann::json toIronicJson(const Inspection& inspection);

} // namespace bm::agent
