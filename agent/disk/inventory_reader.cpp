#include "agent/disk/inventory_reader.h"

#include "agent/base/proc_file.h"
#include "agent/disk/path_id.h"
#include "common/text/lower_case.h"
#include "common/text/text.h"

#include <algorithm>
#include <fmt/format.h>
#include <fstream>
#include <sys/utsname.h>
#include <system_error>

namespace bm::agent {

namespace fs = std::filesystem;

namespace {

constexpr int kEthernet = 1; ///< ARPHRD_ETHER

int readInt(const fs::path& path)
{
    const std::string attribute = readAttribute(path);
    std::string_view rest = attribute;
    return text::takeNumber<int>(rest).value_or(0);
}

void readCpu(wire::Inventory& out, const SystemRoots& roots)
{
    std::ifstream file(roots.proc / "cpuinfo");
    for (std::string line; std::getline(file, line);) {
        const std::size_t colon = line.find(": ");
        if (line.starts_with("processor"))
            ++out.cpus;
        if (line.starts_with("model name") && colon != std::string::npos && out.cpuModel.empty())
            out.cpuModel = line.substr(colon + 2);
    }
    utsname name = {};
    if (::uname(&name) == 0)
        out.cpuArch = name.machine;
}

void readFirmware(wire::Inventory& out, const SystemRoots& roots)
{
    std::error_code ignored;
    out.firmware = fs::exists(roots.sys / "firmware/efi", ignored) ? "uefi" : "bios";
    const fs::path dmi = roots.sys / "class/dmi/id";
    out.systemUuid = model::lowerCase(readAttribute(dmi / "product_uuid"));
    out.systemSerial = readAttribute(dmi / "product_serial");
    out.manufacturer = readAttribute(dmi / "sys_vendor");
    out.product = readAttribute(dmi / "product_name");
}

wire::Nic readNic(const fs::path& folder)
{
    std::error_code ignored;
    wire::Nic nic;
    nic.name = folder.filename().string();
    nic.mac = readAttribute(folder / "address");
    nic.speedMbps = std::max(readInt(folder / "speed"), 0); // -1: unknown
    nic.carrier = readInt(folder / "carrier") == 1;
    nic.driver = fs::read_symlink(folder / "device/driver", ignored).filename().string();
    for (const fs::path& part : fs::canonical(folder / "device", ignored))
        if (isPciAddress(part.string()))
            nic.pci = part.string();
    return nic;
}

} // namespace

std::vector<wire::Nic> readNics(const SystemRoots& roots)
{
    std::vector<wire::Nic> nics;
    std::error_code ignored;
    for (const fs::directory_entry& entry : fs::directory_iterator(roots.sys / "class/net", ignored))
        if (fs::exists(entry.path() / "device", ignored) && readInt(entry.path() / "type") == kEthernet)
            nics.push_back(readNic(entry.path()));
    std::ranges::sort(nics, {}, &wire::Nic::name);
    return nics;
}

wire::Inventory readInventory(const std::string& bootInterface, const SystemRoots& roots)
{
    wire::Inventory out;
    readCpu(out, roots);
    out.memoryBytes = bytesInProcFile(roots.proc / "meminfo", "MemTotal");
    readFirmware(out, roots);
    out.bootInterface = bootInterface;
    out.disks = readDisks(roots);
    out.nics = readNics(roots);
    return out;
}

} // namespace bm::agent
