#include "agent/hardware/inspection/machine_facts.h"

#include "agent/hardware/inspection/dmi_table.h"
#include "common/model/error.h"
#include "common/platform/files.h"
#include "common/text/text.h"

#include <fmt/format.h>
#include <fstream>
#include <span>
#include <sstream>
#include <system_error>
#include <unistd.h>

namespace bm::agent {

namespace fs = std::filesystem;

namespace {

constexpr std::size_t kMostTableBytes = std::size_t{1} << 20U;

std::string bytesOf(const fs::path& path)
{
    try {
        return platform::readFile(path, kMostTableBytes);
    } catch (const model::Error&) {
        return {};
    }
}

void readCpu(const SystemRoots& roots, MachineFacts& out)
{
    std::ifstream file(roots.proc / "cpuinfo");
    for (std::string line; std::getline(file, line);) {
        const std::size_t colon = line.find(": ");
        if (colon == std::string::npos)
            continue;
        std::istringstream words(line.substr(colon + 2));
        if (line.starts_with("flags") && out.cpuFlags.empty())
            for (std::string word; words >> word;)
                out.cpuFlags.push_back(word);
        if (line.starts_with("cpu MHz") && out.cpuMhz.empty())
            words >> out.cpuMhz;
    }
    const std::string most = readAttribute(roots.sys / "devices/system/cpu/cpu0/cpufreq/cpuinfo_max_freq");
    std::string_view rest = most;
    if (const double khz = text::takeNumber<double>(rest).value_or(0); khz > 0)
        out.cpuMhz = fmt::format("{:.4f}", khz / 1000);
}

MachineFacts::Part readPart(const fs::path& dmi, const std::string& prefix)
{
    return {.manufacturer = readAttribute(dmi / (prefix + "_vendor")),
            .product = readAttribute(dmi / (prefix + (prefix == "chassis" ? "_type" : "_name"))),
            .version = readAttribute(dmi / (prefix + "_version")),
            .serial = readAttribute(dmi / (prefix + "_serial")),
            .assetTag = readAttribute(dmi / (prefix + "_asset_tag"))};
}

void readDmi(const SystemRoots& roots, MachineFacts& out)
{
    const fs::path dmi = roots.sys / "class/dmi/id";
    out.biosVendor = readAttribute(dmi / "bios_vendor");
    out.biosVersion = readAttribute(dmi / "bios_version");
    out.biosDate = readAttribute(dmi / "bios_date");
    out.productVersion = readAttribute(dmi / "product_version");
    out.productFamily = readAttribute(dmi / "product_family");
    out.productSku = readAttribute(dmi / "product_sku");
    out.board = readPart(dmi, "board");
    out.chassis = readPart(dmi, "chassis");
    const std::string table = bytesOf(roots.sys / "firmware/dmi/tables/DMI");
    out.installedMemoryMib = installedMemoryMib(std::as_bytes(std::span(table)));
}

/// Four bytes of attributes, then the value.
std::optional<bool> readSecureBoot(const SystemRoots& roots)
{
    const std::string bytes =
        bytesOf(roots.sys / "firmware/efi/efivars/SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c");
    return bytes.size() == 5 ? std::optional<bool>(bytes[4] == 1) : std::nullopt;
}

} // namespace

MachineFacts readMachineFacts(const SystemRoots& roots)
{
    MachineFacts out;
    std::string name(256, '\0');
    if (::gethostname(name.data(), name.size() - 1) == 0)
        out.hostname = name.c_str();
    readCpu(roots, out);
    readDmi(roots, out);
    std::error_code ignored;
    const fs::path tpm = roots.sys / "class/tpm/tpm0";
    out.tpm = fs::exists(tpm, ignored);
    out.tpmVersion = readAttribute(tpm / "tpm_version_major");
    out.secureBoot = readSecureBoot(roots);
    return out;
}

PciIds readNicIds(const std::string& nic, const SystemRoots& roots)
{
    const fs::path device = roots.sys / "class/net" / nic / "device";
    return {readAttribute(device / "vendor"), readAttribute(device / "device")};
}

} // namespace bm::agent
