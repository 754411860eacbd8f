#include "agent/hardware/inspection/inspection.h"

#include "common/text/text.h"

#include <algorithm>

namespace bm::agent {

using nlohmann::json;

namespace {

constexpr std::uint64_t kMiB = std::uint64_t{1} << 20U;

json orNull(const std::string& text)
{
    return text.empty() ? json(nullptr) : json(text);
}

template <class Number> json orNull(const std::optional<Number>& number)
{
    return number ? json(*number) : json(nullptr);
}

json rawLldp(const LldpFrame& frame)
{
    json list = json::array();
    for (const LldpTlv& tlv : frame.tlvs)
        list.push_back({tlv.type, text::toHex(tlv.value)});
    return list;
}

json neighborOf(const LldpFrame& frame)
{
    return {{"chassis_id", orNull(frame.chassisId)},
            {"port_id", orNull(frame.portId)},
            {"ttl_seconds", frame.ttlSeconds},
            {"port_description", orNull(frame.portDescription)},
            {"system_name", orNull(frame.systemName)},
            {"system_description", orNull(frame.systemDescription)},
            {"management_address", orNull(frame.managementAddress)},
            {"port_vlan_id", orNull(frame.portVlanId)}};
}

/// The NIC's own addresses, or those of a VLAN device on it.
HostAddress addressesOf(const wire::Nic& nic, const std::vector<HostAddress>& all)
{
    HostAddress out{nic.name, nic.mac, {}, {}};
    for (const HostAddress& host : all) {
        if (host.interface != nic.name && host.mac != nic.mac)
            continue;
        out.ipv4 = out.ipv4.empty() || host.interface == nic.name ? host.ipv4 : out.ipv4;
        out.ipv6 = out.ipv6.empty() || host.interface == nic.name ? host.ipv6 : out.ipv6;
    }
    return out;
}

json nicToJson(const wire::Nic& nic, const Inspection& all)
{
    const HostAddress host = addressesOf(nic, all.addresses);
    const auto ids = all.nicIds.find(nic.name);
    const auto frame = all.lldp.find(nic.name);
    const bool heard = frame != all.lldp.end();
    json out = {{"name", nic.name},
                {"mac_address", orNull(nic.mac)},
                {"ipv4_address", orNull(host.ipv4)},
                {"ipv6_address", orNull(host.ipv6)},
                {"has_carrier", nic.carrier},
                {"vendor", ids == all.nicIds.end() ? json(nullptr) : orNull(ids->second.vendor)},
                {"product", ids == all.nicIds.end() ? json(nullptr) : orNull(ids->second.product)},
                {"client_id", nullptr},
                {"biosdevname", nullptr},
                {"speed_mbps", nic.speedMbps > 0 ? json(nic.speedMbps) : json(nullptr)},
                {"driver", orNull(nic.driver)},
                {"pci_address", orNull(nic.pci)}};
    out["lldp"] = heard ? rawLldp(frame->second) : all.askedLldp ? json::array() : json(nullptr);
    out["lldp_neighbor"] = heard ? neighborOf(frame->second) : json(nullptr);
    return out;
}

json diskToJson(const wire::Disk& disk)
{
    return {{"name", disk.name},
            {"model", orNull(disk.model)},
            {"size", disk.sizeBytes},
            {"rotational", disk.rotational},
            {"wwn", orNull(disk.wwn)},
            {"wwn_with_extension", orNull(disk.wwnWithExtension)},
            {"wwn_vendor_extension", orNull(disk.wwnVendorExtension)},
            {"serial", orNull(disk.serial)},
            {"vendor", orNull(disk.vendor)},
            {"hctl", orNull(disk.hctl)},
            {"by_path", orNull(disk.byPath)},
            {"logical_sectors", disk.logicalSectorBytes},
            {"physical_sectors", disk.physicalSectorBytes},
            {"bus", orNull(disk.bus)},
            {"removable", disk.removable},
            {"read_only", disk.readOnly},
            {"candidate", disk.candidate},
            {"verdict", orNull(disk.verdict)}};
}

json partToJson(const MachineFacts::Part& part, const char* product)
{
    return {{"manufacturer", orNull(part.manufacturer)},
            {product, orNull(part.product)},
            {"version", orNull(part.version)},
            {"serial_number", orNull(part.serial)},
            {"asset_tag", orNull(part.assetTag)}};
}

json systemToJson(const Inspection& all)
{
    const MachineFacts& facts = all.facts;
    return {{"product_name", orNull(all.inventory.product)},
            {"serial_number", orNull(all.inventory.systemSerial)},
            {"manufacturer", orNull(all.inventory.manufacturer)},
            {"uuid", orNull(all.inventory.systemUuid)},
            {"version", orNull(facts.productVersion)},
            {"family", orNull(facts.productFamily)},
            {"sku", orNull(facts.productSku)},
            {"firmware",
             {{"vendor", orNull(facts.biosVendor)},
              {"version", orNull(facts.biosVersion)},
              {"build_date", orNull(facts.biosDate)}}},
            {"board", partToJson(facts.board, "product_name")},
            {"chassis", partToJson(facts.chassis, "type")}};
}

json cpuToJson(const Inspection& all)
{
    return {{"model_name", orNull(all.inventory.cpuModel)},
            {"frequency", orNull(all.facts.cpuMhz)},
            {"count", all.inventory.cpus},
            {"architecture", orNull(all.inventory.cpuArch)},
            {"flags", all.facts.cpuFlags}};
}

json tpmToJson(const MachineFacts& facts)
{
    return {{"present", facts.tpm}, {"version", orNull(facts.tpmVersion)}};
}

} // namespace

json toIronicJson(const Inspection& all)
{
    json interfaces = json::array();
    for (const wire::Nic& nic : all.inventory.nics)
        interfaces.push_back(nicToJson(nic, all));
    json disks = json::array();
    for (const wire::Disk& disk : all.inventory.disks)
        disks.push_back(diskToJson(disk));
    json inventory = {
        {"interfaces", interfaces},
        {"cpu", cpuToJson(all)},
        {"disks", disks},
        {"memory",
         {{"total", all.inventory.memoryBytes}, {"physical_mb", orNull(all.facts.installedMemoryMib)}}},
        {"bmc_address", nullptr},
        {"bmc_v6address", nullptr},
        {"system_vendor", systemToJson(all)},
        {"boot",
         {{"current_boot_mode", orNull(all.inventory.firmware)},
          {"pxe_interface", orNull(all.inventory.bootInterface)},
          {"secure_boot", orNull(all.facts.secureBoot)}}},
        {"tpm", tpmToJson(all.facts)},
        {"hostname", orNull(all.facts.hostname)}};
    // Uses the kernel's figure without SMBIOS.
    if (inventory["memory"]["physical_mb"].is_null() && all.inventory.memoryBytes > 0)
        inventory["memory"]["physical_mb"] = all.inventory.memoryBytes / kMiB;
    return {{"inventory", inventory}};
}

} // namespace bm::agent
