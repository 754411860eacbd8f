#include "common/layout/disk_layout.h"

#include "common/model/error.h"
#include "common/text/text.h"
#include "common/wire/json/json_input.h"

#include <algorithm>
#include <array>
#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <set>

namespace bm::layout {

using model::Error;
using model::ErrorCode;
using nlohmann::json;
using wire::asBoolean;
using wire::asString;
using wire::asStrings;
using wire::kindOf;
using wire::memberOf;

namespace {

constexpr std::uint64_t kMiB = std::uint64_t{1} << 20U;
constexpr std::uint64_t kMostBytes = std::uint64_t{1} << 50U;
constexpr std::uint64_t kTablesBytes = 4 * kMiB; ///< both copies of the GPT, and alignment
constexpr std::size_t kMostPartitions = 32;

[[noreturn]] void refuse(const std::string& field, const std::string& why, const std::string& hint = {})
{
    throw Error(ErrorCode::InvalidInput, field + ": " + why, hint);
}

void checkMembers(const json& object, const std::string& field,
                  std::initializer_list<std::string_view> allowed)
{
    if (!object.is_object())
        refuse(field, fmt::format("expected an object, got {}", kindOf(object)));
    for (const auto& [key, value] : object.items())
        if (std::ranges::find(allowed, key) == allowed.end())
            refuse(fmt::format("{}{}{}", field, field.empty() ? "" : ".", key), "no such member",
                   fmt::format("known are: {}", fmt::join(allowed, ", ")));
}

std::string textOf(const json& object, const char* name, const std::string& field, const char* fallback = "")
{
    const json* value = memberOf(object, name);
    return value == nullptr ? std::string(fallback) : asString(*value, field + "." + name);
}

bool isName(const std::string& text)
{
    const auto fits = [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
               c == '_';
    };
    return !text.empty() && text.size() <= 16 && text.front() != '-' && std::ranges::all_of(text, fits);
}

std::string nameOf(const json& object, const char* member, const std::string& field,
                   const char* fallback = "")
{
    std::string name = textOf(object, member, field, fallback);
    if (!isName(name))
        refuse(field + "." + member,
               name.empty() ? "required" : "\"" + name.substr(0, 40) + "\" is not a name",
               "letters, digits, - and _; at most 16");
    return name;
}

/// Absolute, without "." or "..", doubled or trailing slashes, blanks.
bool isMount(const std::string& text)
{
    if (text == "/")
        return true;
    if (text.size() > 255 || !text.starts_with('/') || text.ends_with('/') ||
        text.find("//") != std::string::npos || (text + "/").find("/../") != std::string::npos ||
        (text + "/").find("/./") != std::string::npos)
        return false;
    return std::ranges::all_of(text, [](char c) { return c > ' ' && c < 0x7f && c != '\\' && c != '#'; });
}

FileSystem fileSystemOf(const std::string& text, const std::string& field)
{
    for (const FileSystem known :
         {FileSystem::Ext4, FileSystem::Xfs, FileSystem::Btrfs, FileSystem::Vfat, FileSystem::Swap})
        if (toText(known) == text)
            return known;
    refuse(field, "\"" + text.substr(0, 40) + "\" is not a file system that bm makes",
           "ext4, xfs, btrfs, vfat or swap");
}

std::string optionsOf(const json& object, const std::string& field)
{
    std::string text = textOf(object, "options", field);
    if (text.size() > 200 ||
        !std::ranges::all_of(text, [](char c) { return c > ' ' && c < 0x7f && c != '#'; }))
        refuse(field + ".options", "no blanks, at most 200 characters", "as noatime,nodev");
    return text;
}

/// Reads fs, mount and options; the caller reads name and size.
void readFileSystem(LayoutVolume& volume, const json& object, const std::string& field)
{
    const std::string fileSystem = textOf(object, "fs", field);
    if (!fileSystem.empty())
        volume.fileSystem = fileSystemOf(fileSystem, field + ".fs");
    volume.mount = textOf(object, "mount", field);
    volume.options = optionsOf(object, field);
    if (!volume.mount.empty() && !isMount(volume.mount))
        refuse(field + ".mount", "\"" + volume.mount.substr(0, 80) + "\" is not a mount point",
               "an absolute path without . and ..");
    if (!volume.mount.empty() && volume.fileSystem == FileSystem::Swap)
        refuse(field + ".mount", "swap is not mounted");
    if (!volume.mount.empty() && volume.fileSystem == FileSystem::None)
        refuse(field + ".fs", "required: a mounted partition has a file system", "ext4, xfs or btrfs");
}

std::uint64_t sizeOf(const json& object, const std::string& field)
{
    const json* size = memberOf(object, "size");
    if (size == nullptr || (size->is_string() && *size == "rest"))
        return 0;
    return layoutSize(*size, field + ".size");
}

LayoutVolume volumeOf(const json& object, const std::string& field)
{
    checkMembers(object, field, {"name", "size", "fs", "mount", "options"});
    LayoutVolume volume;
    volume.name = nameOf(object, "name", field);
    volume.sizeBytes = sizeOf(object, field);
    readFileSystem(volume, object, field);
    if (volume.fileSystem == FileSystem::None)
        refuse(field + ".fs", "required", "ext4, xfs, btrfs or swap");
    return volume;
}

PartitionKind kindOfPartition(const json& object, const std::string& field)
{
    const std::string text = textOf(object, "kind", field, "data");
    if (text == "bios")
        return PartitionKind::Bios;
    if (text == "esp")
        return PartitionKind::Esp;
    if (text == "lvm")
        return PartitionKind::Lvm;
    if (text != "data")
        refuse(field + ".kind", "unknown value \"" + text.substr(0, 40) + "\"", "bios, esp, data or lvm");
    return PartitionKind::Data;
}

/// Only the last one may take the rest of the disk: the sizes before it give its beginning.
template <class Sizes> void checkRest(const Sizes& sizes, const std::string& field)
{
    for (std::size_t i = 0; i + 1 < sizes.size(); ++i)
        if (sizes[i] == 0)
            refuse(fmt::format("{}[{}].size", field, i), "required: only the last one may take the rest");
}

void readLvm(LayoutPartition& partition, const json& object, const std::string& field)
{
    partition.group = nameOf(object, "group", field, "vg0");
    const json* volumes = memberOf(object, "volumes");
    if (volumes == nullptr || !volumes->is_array() || volumes->empty() || volumes->size() > kMostPartitions)
        refuse(field + ".volumes", "expected a list of 1 to 32 logical volumes");
    std::vector<std::uint64_t> sizes;
    for (std::size_t i = 0; i < volumes->size(); ++i) {
        partition.volumes.push_back(volumeOf(volumes->at(i), fmt::format("{}.volumes[{}]", field, i)));
        sizes.push_back(partition.volumes.back().sizeBytes);
    }
    checkRest(sizes, field + ".volumes");
}

LayoutPartition partitionOf(const json& object, const std::string& field)
{
    checkMembers(object, field, {"name", "kind", "size", "fs", "mount", "options", "group", "volumes"});
    LayoutPartition partition;
    partition.kind = kindOfPartition(object, field);
    LayoutVolume& volume = partition.volume;
    volume.name = nameOf(object, "name", field);
    volume.sizeBytes = sizeOf(object, field);
    if (partition.kind == PartitionKind::Esp)
        volume.fileSystem = FileSystem::Vfat;
    readFileSystem(volume, object, field);
    const bool lvm = partition.kind == PartitionKind::Lvm;
    const bool data = partition.kind == PartitionKind::Data;
    if (!lvm && (memberOf(object, "group") != nullptr || memberOf(object, "volumes") != nullptr))
        refuse(field, "group and volumes are for kind: lvm");
    if (!data && memberOf(object, "fs") != nullptr)
        refuse(field + ".fs", "is for kind: data; an esp is vfat");
    if (lvm)
        readLvm(partition, object, field);
    if (partition.kind == PartitionKind::Bios)
        volume.sizeBytes = volume.sizeBytes == 0 ? kMiB : volume.sizeBytes;
    if (partition.kind == PartitionKind::Esp) {
        volume.sizeBytes = volume.sizeBytes == 0 ? 256 * kMiB : volume.sizeBytes;
        if (volume.mount.empty())
            volume.mount = "/boot/efi";
    }
    if (data && volume.fileSystem == FileSystem::None)
        refuse(field + ".fs", "required", "ext4, xfs, btrfs, vfat or swap");
    return partition;
}

void checkVolumes(const DiskLayout& layout)
{
    std::set<std::string> names;
    std::set<std::string> mounts;
    const auto check = [&](const LayoutVolume& volume, const std::string& field, std::string_view group) {
        if (!names.insert(std::string(group) + "/" + volume.name).second)
            refuse(field + ".name", "\"" + volume.name + "\" occurs twice");
        if (!volume.mount.empty() && !mounts.insert(volume.mount).second)
            refuse(field + ".mount", "two file systems at " + volume.mount);
    };
    for (std::size_t i = 0; i < layout.partitions.size(); ++i) {
        const LayoutPartition& partition = layout.partitions[i];
        const std::string field = fmt::format("partitions[{}]", i);
        check(partition.volume, field, "");
        for (std::size_t k = 0; k < partition.volumes.size(); ++k)
            check(partition.volumes[k], fmt::format("{}.volumes[{}]", field, k), partition.group + "/");
    }
    if (!mounts.contains("/"))
        refuse("partitions", "no file system is mounted at /", "{name: root, fs: ext4, mount: /}");
    for (std::size_t i = 0; i < layout.preserve.size(); ++i)
        if (layout.preserve[i] == "/" || !mounts.contains(layout.preserve[i]))
            refuse(fmt::format("preserve[{}]", i),
                   layout.preserve[i].substr(0, 80) + " is not a data partition of the layout",
                   "a mount point of one of its partitions, and not /");
}

void checkKinds(const DiskLayout& layout)
{
    std::size_t loaders = 0;
    for (const PartitionKind kind : {PartitionKind::Bios, PartitionKind::Esp}) {
        const auto count = std::ranges::count(layout.partitions, kind, &LayoutPartition::kind);
        if (count > 1)
            refuse("partitions", kind == PartitionKind::Bios ? "two of kind bios" : "two of kind esp");
        loaders += static_cast<std::size_t>(count);
    }
    if (loaders == 0 && layout.loader != Loader::None)
        refuse("partitions", "neither a bios nor an esp partition: nothing would boot",
               "add {name: bios, kind: bios} and {name: esp, kind: esp}, or say loader: none");
    std::set<std::string> groups;
    for (const LayoutPartition& partition : layout.partitions)
        if (partition.kind == PartitionKind::Lvm && !groups.insert(partition.group).second)
            refuse("partitions", "two volume groups named " + partition.group);
}

Loader loaderOf(const json& layout)
{
    const json* value = memberOf(layout, "loader");
    const std::string text = value == nullptr ? "grub" : asString(*value, "loader");
    if (text == "grub")
        return Loader::Grub;
    if (text == "systemd-boot")
        return Loader::SystemdBoot;
    if (text != "none")
        refuse("loader", "unknown value \"" + text.substr(0, 40) + "\"", "grub, systemd-boot or none");
    return Loader::None;
}

std::string argumentsOf(const json& layout)
{
    const json* value = memberOf(layout, "kernel_arguments");
    std::string text = value == nullptr ? "" : asString(*value, "kernel_arguments");
    if (text.size() > 1024 || !std::ranges::all_of(text, [](char c) {
            return c >= ' ' && c < 0x7f && c != '{' && c != '}' && c != ';';
        }))
        refuse("kernel_arguments", "one line of printable characters, at most 1024");
    return text;
}

struct Named {
    std::string_view name;
    std::string_view partitions;
    std::string_view more;
};
constexpr std::string_view kBoot = R"({"name":"bios","kind":"bios"},{"name":"esp","kind":"esp"},)";
constexpr auto kNamed = std::to_array<Named>({
    {"plain", R"({"name":"root","fs":"ext4","mount":"/"})", ""},
    {"xfs", R"({"name":"root","fs":"xfs","mount":"/"})", ""},
    {"btrfs", R"({"name":"root","fs":"btrfs","mount":"/"})", ""},
    {"lvm",
     R"({"name":"boot","fs":"ext4","size":"1GiB","mount":"/boot"},{"name":"pool","kind":"lvm","volumes":[{"name":"root","fs":"ext4","mount":"/"}]})",
     ""},
    {"mirror", R"({"name":"root","fs":"ext4","mount":"/"})", R"(,"mirror":true)"},
});

} // namespace

std::string_view toText(FileSystem fileSystem) noexcept
{
    switch (fileSystem) {
    case FileSystem::None:
        return "";
    case FileSystem::Ext4:
        return "ext4";
    case FileSystem::Xfs:
        return "xfs";
    case FileSystem::Btrfs:
        return "btrfs";
    case FileSystem::Vfat:
        return "vfat";
    case FileSystem::Swap:
        return "swap";
    }
    return "";
}

std::uint64_t layoutSize(const json& value, const std::string& field)
{
    std::uint64_t bytes = 0;
    if (value.is_number_unsigned()) {
        bytes = value.get<std::uint64_t>();
    } else {
        const std::string text = asString(value, field);
        std::string_view unit = text;
        const std::optional<std::uint64_t> number = text::takeNumber<std::uint64_t>(unit);
        const std::uint64_t factor = unit == "MiB"   ? kMiB
                                     : unit == "GiB" ? kMiB << 10U
                                     : unit == "TiB" ? kMiB << 20U
                                                     : 0;
        if (!number || factor == 0 || *number > kMostBytes / factor)
            refuse(field, "\"" + text.substr(0, 40) + "\" is not a size", "as 512MiB, 20GiB, 1TiB or rest");
        bytes = *number * factor;
    }
    if (bytes == 0 || bytes % kMiB != 0 || bytes > kMostBytes)
        refuse(field, fmt::format("{} bytes: expected a multiple of 1 MiB, up to 1 PiB", bytes));
    return bytes;
}

DiskLayout layoutFromJson(const json& layout)
{
    if (!layout.is_object())
        refuse("layout", fmt::format("expected an object, got {}", kindOf(layout)));
    checkMembers(layout, "", {"partitions", "mirror", "loader", "kernel_arguments", "preserve"});
    DiskLayout out;
    out.loader = loaderOf(layout);
    out.kernelArguments = argumentsOf(layout);
    if (const json* mirror = memberOf(layout, "mirror"))
        out.mirror = asBoolean(*mirror, "mirror");
    if (const json* preserve = memberOf(layout, "preserve"))
        out.preserve = asStrings(*preserve, "preserve");
    const json* partitions = memberOf(layout, "partitions");
    if (partitions == nullptr || !partitions->is_array() || partitions->empty() ||
        partitions->size() > kMostPartitions)
        refuse("partitions", "expected a list of 1 to 32 partitions");
    std::vector<std::uint64_t> sizes;
    for (std::size_t i = 0; i < partitions->size(); ++i) {
        out.partitions.push_back(partitionOf(partitions->at(i), fmt::format("partitions[{}]", i)));
        sizes.push_back(out.partitions.back().volume.sizeBytes);
    }
    checkRest(sizes, "partitions");
    checkVolumes(out);
    checkKinds(out);
    return out;
}

std::uint64_t DiskLayout::leastBytes(std::uint64_t rootBytes) const
{
    std::uint64_t sum = kTablesBytes;
    for (const LayoutPartition& partition : partitions) {
        std::uint64_t inside = 0;
        for (const LayoutVolume& volume : partition.volumes)
            inside += volume.sizeBytes != 0 ? volume.sizeBytes : rootBytes;
        sum += partition.volume.sizeBytes != 0 ? partition.volume.sizeBytes
               : partition.volumes.empty()     ? rootBytes
                                               : inside;
    }
    return sum;
}

json namedLayout(std::string_view name)
{
    std::string known;
    for (const Named& named : kNamed) {
        if (named.name == name)
            return json::parse(
                fmt::format(R"({{"partitions":[{}{}]{}}})", kBoot, named.partitions, named.more));
        known += (known.empty() ? "" : ", ") + std::string(named.name);
    }
    throw Error(ErrorCode::NotFound, "there is no layout \"" + std::string(name.substr(0, 40)) + "\"",
                "bm's own are " + known + "; or give a file: --layout FILE");
}

} // namespace bm::layout
