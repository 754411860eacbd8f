#include "agent/start/esp_loader.h"

#include "agent/disk/gpt.h"
#include "agent/disk/partition_types.h"
#include "agent/start/boot_csv.h"
#include "common/model/error.h"
#include "common/text/lower_case.h"

#include <algorithm>
#include <array>
#include <fmt/format.h>
#include <map>
#include <utility>

namespace bm::agent {

using model::Error;
using model::ErrorCode;

namespace {

/// The best first. SUSE's shim is shim.efi. Windows has its loader one folder deeper.
constexpr auto kVendorLoaders = std::to_array<std::string_view>(
    {"shimx64.efi", "shim.efi", "grubx64.efi", "grub.efi", "systemd-bootx64.efi", "bootmgfw.efi"});
constexpr std::size_t kMostCsvs = 16;
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

std::string_view folderOf(std::string_view path)
{
    return path.substr(0, path.rfind('/'));
}

bool isInFallbackFolder(std::string_view lowerPath)
{
    return lowerPath.starts_with("/efi/boot/");
}

/// The paths of a listing, without "::".
std::vector<std::string_view> pathsOf(std::string_view listing)
{
    std::vector<std::string_view> paths;
    while (!listing.empty()) {
        const std::string_view line = listing.substr(0, listing.find('\n'));
        listing.remove_prefix(std::min(line.size() + 1, listing.size()));
        if (line.starts_with("::/"))
            paths.push_back(line.substr(2));
    }
    return paths;
}

/// The content of the BOOT.CSV files: the loaders to start, and the folders whose loaders need options.
struct CsvLoaders {
    std::vector<std::string> named; ///< lower-case paths, the first one is the best
    std::vector<std::string> needOptions;
};

CsvLoaders loadersOf(const std::vector<BootCsvFile>& csvs)
{
    CsvLoaders out;
    for (const BootCsvFile& csv : csvs) {
        const std::string folder = model::lowerCase(folderOf(csv.path));
        const std::vector<BootCsvLine> lines = parseBootCsv(csv.content);
        const auto plain = std::ranges::find(lines, false, &BootCsvLine::hasOptions);
        if (plain != lines.end())
            out.named.push_back(folder + "/" + model::lowerCase(plain->loader));
        else if (!lines.empty())
            out.needOptions.push_back(folder);
    }
    return out;
}

/// The rank of the loader at @p path, the lower the better; nothing for other files.
std::optional<std::size_t> rankOf(std::string_view path, const CsvLoaders& csv)
{
    constexpr std::size_t kFallbackRank = 1 + kVendorLoaders.size();
    const std::string name = model::lowerCase(path);
    if (std::ranges::find(csv.named, name) != csv.named.end())
        return 0;
    if (name == model::lowerCase("/EFI/BOOT/BOOTX64.EFI"))
        return kFallbackRank;
    if (!name.starts_with("/efi/") || isInFallbackFolder(name))
        return std::nullopt;
    const std::string file = name.substr(name.rfind('/') + 1);
    const auto found = std::ranges::find(kVendorLoaders, file);
    if (found == kVendorLoaders.end())
        return std::nullopt;
    const auto rank = 1 + static_cast<std::size_t>(found - kVendorLoaders.begin());
    const bool needsOptions = std::ranges::find(csv.needOptions, folderOf(name)) != csv.needOptions.end();
    return needsOptions ? kFallbackRank + rank : rank;
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

std::vector<std::string> bootCsvAmong(std::string_view listing)
{
    std::map<std::string, std::string_view> best; // by folder
    for (const std::string_view path : pathsOf(listing)) {
        const std::string name = model::lowerCase(path);
        const bool own = name.ends_with("/bootx64.csv");
        if (!name.starts_with("/efi/") || isInFallbackFolder(name) ||
            (!own && !name.ends_with("/boot.csv")) || firmwarePath(path).empty())
            continue;
        std::string_view& kept = best[std::string(folderOf(name))];
        if (own || kept.empty())
            kept = path;
    }
    std::vector<std::string> out;
    for (const auto& [folder, path] : best)
        if (out.size() < kMostCsvs)
            out.emplace_back(path);
    return out;
}

std::string loaderAmong(std::string_view listing, const std::vector<BootCsvFile>& csvs)
{
    const CsvLoaders csv = loadersOf(csvs);
    std::string best;
    std::optional<std::size_t> bestRank;
    for (const std::string_view path : pathsOf(listing)) {
        const std::optional<std::size_t> rank = rankOf(path, csv);
        const std::string loader = firmwarePath(path);
        if (!rank || loader.empty() ||
            (bestRank && (*rank > *bestRank || (*rank == *bestRank && loader >= best))))
            continue;
        bestRank = rank;
        best = loader;
    }
    return best;
}

std::string loaderIn(const std::string& disk, const EspPlace& esp, platform::Exec& exec,
                     const model::Deadline& deadline)
{
    const std::string image = fmt::format("{}@@{}", disk, esp.beginByte);
    const auto mtools = [&](std::vector<std::string> argv) {
        return exec.run({.argv = std::move(argv),
                         .env = {{"MTOOLS_SKIP_CHECK", "1"}},
                         .outputLimitBytes = kLongestListing},
                        deadline);
    };
    const platform::Exit exit = mtools({"mdir", "-b", "-/", "-i", image, "::/EFI"});
    if (exit.code != 0 && exit.err.find("not found") == std::string::npos)
        throw Error(ErrorCode::AgentFailed,
                    fmt::format("reading the EFI system partition of {}: {}", disk,
                                exit.err.substr(0, exit.err.find('\n'))),
                    "is it FAT? check the image: fsck.fat -n");
    std::vector<BootCsvFile> csvs;
    for (const std::string& path : bootCsvAmong(exit.out))
        if (const platform::Exit file = mtools({"mcopy", "-n", "-i", image, "::" + path, "-"});
            file.code == 0)
            csvs.push_back({path, file.out});
    return loaderAmong(exit.out, csvs);
}

} // namespace bm::agent
