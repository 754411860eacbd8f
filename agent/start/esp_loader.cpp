#include "agent/start/esp_loader.h"

#include "agent/disk/gpt.h"
#include "agent/disk/partition_types.h"
#include "common/model/error.h"
#include "common/text/lower_case.h"

#include <algorithm>
#include <array>
#include <fmt/format.h>

namespace bm::agent {

using model::Error;
using model::ErrorCode;

namespace {

/// The best first. Windows has its loader one folder deeper.
constexpr auto kVendorLoaders =
    std::to_array<std::string_view>({"shimx64.efi", "grubx64.efi", "systemd-bootx64.efi", "bootmgfw.efi"});
constexpr std::size_t kLongestListing = std::size_t{1} << 20U;

/// "/EFI/debian/shimx64.efi" as firmware writes it; "" for a path that no firmware can read.
std::string firmwarePath(std::string_view path)
{
    std::string out;
    for (const char c : path) {
        if (c < ' ' || c == 0x7f || static_cast<unsigned char>(c) >= 0x80)
            return {};
        out += c == '/' ? '\\' : c;
    }
    return out;
}

/// The rank of the loader at @p path, the lower the better; nothing for other files.
std::optional<std::size_t> rankOf(std::string_view path)
{
    const std::string name = model::lowerCase(path);
    if (name == model::lowerCase("/EFI/BOOT/BOOTX64.EFI"))
        return kVendorLoaders.size();
    if (!name.starts_with("/efi/") || name.starts_with("/efi/boot/"))
        return std::nullopt;
    const std::string file = name.substr(name.rfind('/') + 1);
    const auto found = std::ranges::find(kVendorLoaders, file);
    if (found == kVendorLoaders.end())
        return std::nullopt;
    return static_cast<std::size_t>(found - kVendorLoaders.begin());
}

} // namespace

std::optional<EspPlace> findEsp(const BlockDevice& device)
{
    const std::optional<Gpt> table = Gpt::read(device);
    if (!table)
        return std::nullopt;
    for (const Gpt::Entry& entry : table->entries())
        if (entry.type == kEspType)
            return EspPlace{entry.number, entry.guid, entry.extent.first * device.sectorBytes()};
    return std::nullopt;
}

std::string loaderAmong(std::string_view listing)
{
    std::string best;
    std::size_t bestRank = kVendorLoaders.size() + 1;
    while (!listing.empty()) {
        const std::size_t end = std::min(listing.find('\n'), listing.size());
        std::string_view path = listing.substr(0, end);
        listing.remove_prefix(std::min(end + 1, listing.size()));
        if (!path.starts_with("::/"))
            continue;
        path.remove_prefix(2);
        const std::optional<std::size_t> rank = rankOf(path);
        const std::string loader = firmwarePath(path);
        if (!rank || loader.empty() || *rank > bestRank || (*rank == bestRank && loader >= best))
            continue;
        bestRank = *rank;
        best = loader;
    }
    return best;
}

std::string loaderIn(const std::string& disk, const EspPlace& esp, platform::Exec& exec,
                     const model::Deadline& deadline)
{
    const platform::Exit exit =
        exec.run({.argv = {"mdir", "-b", "-/", "-i", fmt::format("{}@@{}", disk, esp.beginByte), "::/EFI"},
                  .env = {{"MTOOLS_SKIP_CHECK", "1"}},
                  .outputLimitBytes = kLongestListing},
                 deadline);
    if (exit.code != 0 && exit.err.find("not found") == std::string::npos)
        throw Error(ErrorCode::AgentFailed,
                    fmt::format("reading the EFI system partition of {}: {}", disk,
                                exit.err.substr(0, exit.err.find('\n'))),
                    "is it FAT? check the image: fsck.fat -n");
    return loaderAmong(exit.out);
}

} // namespace bm::agent
