#include "agent/tree/system_files.h"

#include "agent/drive/drive_files.h"
#include "agent/files/selinux.h"
#include "agent/files/tree_files.h"
#include "common/model/error.h"
#include "common/platform/secrets.h"
#include "common/text/drive_image.h"
#include "common/text/ssh_keys.h"
#include "common/text/text.h"

#include <algorithm>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace bm::agent {

using layout::FileSystem;
using nlohmann::json;

namespace {

constexpr std::size_t kLongestMetaData = std::size_t{1} << 20U;

std::string metaDataOf(std::string_view drive)
{
    if (!text::isIso(drive))
        return {};
    const DriveFiles files = filesOfIso(drive);
    const auto found = files.find("openstack/latest/meta_data.json");
    return found == files.end() ? "" : found->second.substr(0, kLongestMetaData);
}

/// Adds the keys of @p value: a text with a key a line, or a list or an object of such texts.
void addKeys(const json& value, std::vector<std::string>& keys, int depth = 0)
{
    constexpr int kDeepestKeys = 3;
    if (value.is_string())
        for (const std::string_view key : text::sshKeyLines(value.get_ref<const std::string&>()))
            keys.emplace_back(key);
    else if (value.is_structured() && depth < kDeepestKeys)
        for (const json& inside : value)
            addKeys(inside, keys, depth + 1);
}

/// cloud-init's order.
std::string hostNameOf(const json& meta)
{
    for (const char* key : {"hostname", "local-hostname", "local_hostname"})
        if (const auto name = meta.find(key); name != meta.end() && name->is_string() && *name != "")
            return name->get<std::string>();
    return {};
}

bool hasLine(std::string_view lines, std::string_view wanted)
{
    while (!lines.empty())
        if (text::trimmed(text::takeLine(lines)) == wanted)
            return true;
    return false;
}

/// The first line only, so that a value of the drive cannot add lines to a file.
bool isLine(const std::string& text)
{
    return !text.empty() && text.size() < 16384 && std::ranges::all_of(text, [](char c) {
        return static_cast<unsigned char>(c) >= 0x20 && c != 0x7f;
    });
}

void writeIdentity(const TreeFiles& files, const SystemIdentity& identity, AgentLog& log)
{
    if (!identity.hostName.empty() && isLine(identity.hostName)) {
        files.write("etc/hostname", identity.hostName + "\n");
        log.info("host name: " + identity.hostName);
    }
    if (identity.sshKeys.empty())
        return;
    files.makeFolders("root", 0700);
    files.makeFolders("root/.ssh", 0700);
    std::string keys = files.read("root/.ssh/authorized_keys");
    if (!keys.empty() && !keys.ends_with('\n'))
        keys += '\n';
    for (const std::string& key : identity.sshKeys)
        if (isLine(key) && !hasLine(keys, key))
            keys += key + "\n";
    files.write("root/.ssh/authorized_keys", keys, 0600);
}

/// A tree made for containers has no network configuration; then every Ethernet interface uses DHCP.
void writeNetwork(const TreeFiles& files, AgentLog& log)
{
    const bool networkd =
        files.has("usr/lib/systemd/systemd-networkd") || files.has("lib/systemd/systemd-networkd");
    const std::vector<std::string> own = files.list("etc/systemd/network");
    const bool configured =
        std::ranges::any_of(own, [](const std::string& n) { return n.ends_with(".network"); }) ||
        files.has("etc/network/interfaces") || files.has("etc/netplan") ||
        files.has("usr/sbin/NetworkManager");
    if (!networkd || configured)
        return;
    files.makeFolders("etc/systemd/network");
    files.write("etc/systemd/network/90-bm.network", "[Match]\nType=ether\n\n[Network]\nDHCP=yes\n");
    log.info("no network was configured in the tree: DHCP on every Ethernet by systemd-networkd");
}

} // namespace

SystemIdentity identityFrom(std::string_view configDrive)
{
    SystemIdentity identity;
    const json meta = json::parse(metaDataOf(configDrive), nullptr, false);
    if (!meta.is_object())
        return identity;
    identity.hostName = hostNameOf(meta);
    if (const auto keys = meta.find("public_keys"); keys != meta.end())
        addKeys(*keys, identity.sshKeys);
    return identity;
}

std::string fstabOf(const std::vector<MadeVolume>& volumes)
{
    std::vector<MadeVolume> sorted = volumes;
    std::ranges::stable_sort(sorted, {}, [](const MadeVolume& made) { return made.volume.mount; });
    std::string text = "# written by bm when this system was deployed\n";
    for (const MadeVolume& made : sorted) {
        const FileSystem fileSystem = made.volume.fileSystem;
        if (fileSystem == FileSystem::Swap) {
            text += fmt::format("UUID={} none swap {} 0 0\n", made.uuid,
                                made.volume.options.empty() ? "sw" : made.volume.options);
            continue;
        }
        if (made.volume.mount.empty())
            continue;
        const char* fallback = made.kind == layout::PartitionKind::Esp ? "umask=0077,nofail" : "defaults";
        const int pass = fileSystem != FileSystem::Ext4 ? 0 : made.volume.mount == "/" ? 1 : 2;
        text += fmt::format("UUID={} {} {} {} 0 {}\n", made.uuid, made.volume.mount, toText(fileSystem),
                            made.volume.options.empty() ? fallback : made.volume.options, pass);
    }
    return text;
}

void writeSystemFiles(const std::string& root, const std::vector<MadeVolume>& volumes,
                      const SystemIdentity& identity, AgentLog& log)
{
    const TreeFiles files(root);
    files.makeFolders("etc");
    files.write("etc/fstab", fstabOf(volumes));
    files.write("etc/machine-id", platform::randomHex(16) + "\n", 0444);
    for (const MadeVolume& made : volumes)
        if (!made.volume.mount.empty() && made.volume.mount != "/")
            files.makeFolders(made.volume.mount.substr(1));
    if (usesSelinux(files.read("etc/selinux/config"))) {
        files.write(kRelabelMark, "");
        log.info("the tree uses SELinux: its first start gives every file its label (/.autorelabel)");
    }
    if (files.has("usr/bin/cloud-init")) {
        log.info("the tree has cloud-init, which sets host name, keys and network");
        return;
    }
    writeIdentity(files, identity, log);
    writeNetwork(files, log);
}

} // namespace bm::agent
