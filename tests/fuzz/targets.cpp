#include "tests/fuzz/targets.h"

#include "tests/fuzz/target_functions.h"

#include <algorithm>
#include <array>

namespace bm::fuzz {
namespace {

constexpr auto kTargets = std::to_array<Target>({
    {"agent_answer", agentAnswer},
    {"agent_exchange", agentExchange},
    {"block_record", blockRecord},
    {"boot_csv", bootCsv},
    {"boot_entries", bootEntries},
    {"boot_log", bootLog},
    {"config_drive", configDrive},
    {"cron", cron},
    {"dhcp_offer", dhcpOffer},
    {"disk_tools", diskTools},
    {"dmi", dmi},
    {"fstab", fstab},
    {"gpt", gpt},
    {"gzip", gzip},
    {"hints", hints},
    {"host_address", hostAddress},
    {"http_head", httpHead},
    {"http_request", httpRequest},
    {"http_chunks", httpChunks},
    {"image_texts", imageTexts},
    {"inventory", inventory},
    {"ipmi_texts", ipmiTexts},
    {"json_patch", jsonPatch},
    {"kernel_choice", kernelChoice},
    {"layers", layers},
    {"layout", layoutFile},
    {"lldp", lldp},
    {"manifest", manifest},
    {"proxy_header", proxyHeader},
    {"qcow2", qcow2},
    {"ramdisk", ramdisk},
    {"relay_wire", relayWire},
    {"request", requestBody},
    {"selector", selector},
    {"shared_disk", sharedDisk},
    {"tree", tree},
    {"vhd", vhd},
    {"vhdx", vhdx},
    {"vmdk", vmdk},
    {"vpd", vpd},
});

} // namespace

std::span<const Target> targets()
{
    return kTargets;
}

const Target* findTarget(std::string_view name)
{
    const auto found = std::ranges::find(kTargets, name, &Target::name);
    return found == kTargets.end() ? nullptr : &*found;
}

} // namespace bm::fuzz
