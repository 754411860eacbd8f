#include "conductor/images/ramdisk_deployment.h"

#include "common/platform/newc.h"
#include "common/wire/json/json_input.h"
#include "common/wire/json/stored_json.h"
#include "images/formats/iso9660.h"

#include <array>
#include <span>

namespace bm::conductor {

using model::Error;
using model::ErrorCode;
using nlohmann::json;

namespace {

constexpr const char* kMember = "ramdisk";

void addEntry(std::string& archive, const std::string& name, unsigned mode, const std::string& content)
{
    constexpr unsigned kDirectory = 0040000;
    archive += platform::newcHeader({.name = name,
                                     .mode = mode,
                                     .bytes = content.size(),
                                     .inode = archive.size() + 1,
                                     .links = (mode & kDirectory) != 0 ? 2U : 1U});
    archive += content;
    archive += platform::newcPadding(content.size());
}

constexpr unsigned kFolderMode = 0040700;
constexpr unsigned kFileMode = 0100600;

/// @return true if there was anything
bool addFilesOf(std::string& archive, const std::string& drive)
{
    constexpr std::size_t kLargest = std::size_t{64} << 20U;
    static constexpr auto kFiles = std::to_array<std::string_view>(
        {"meta_data.json", "user_data", "network_data.json", "vendor_data.json"});
    const auto bytes = std::as_bytes(std::span(drive));
    if (!images::looksLikeIso(bytes))
        return false;
    const images::MemorySource source(bytes);
    const images::Iso9660 iso(source);
    bool any = false;
    for (const char* folder : {"config-2", "config-2/openstack", "config-2/openstack/latest"})
        addEntry(archive, folder, kFolderMode, "");
    for (const std::string_view name : kFiles) {
        const std::string path = "openstack/latest/" + std::string(name);
        if (const std::optional<std::string> content = iso.text(path, kLargest)) {
            addEntry(archive, "config-2/" + path, kFileMode, *content);
            any = true;
        }
    }
    return any;
}

} // namespace

std::optional<RamdiskDeployment> ramdiskDeploymentOf(const model::Node& node)
{
    const json internal = wire::valueOf(node.driverInternalInfo);
    const auto found = internal.find(kMember);
    if (found == internal.end() || !found->is_object())
        return std::nullopt;
    RamdiskDeployment deployment;
    deployment.image.uuid = wire::textMember(*found, "image_id");
    deployment.imageName = wire::textMember(*found, "image");
    deployment.tokenSealed.text = wire::textMember(*found, "token");
    deployment.arguments = wire::textMember(*found, "kernel_arguments");
    deployment.configDrive = found->value("config_drive", false);
    const json fetched = found->value("fetched", json::object());
    deployment.script = fetched.value("script", false);
    deployment.kernel = fetched.value("kernel", false);
    deployment.initrd = fetched.value("initrd", false);
    return deployment;
}

void setRamdiskDeployment(model::Node& node, const std::optional<RamdiskDeployment>& deployment)
{
    json internal = wire::valueOf(node.driverInternalInfo);
    internal.erase(kMember);
    if (deployment)
        internal[kMember] = {{"image_id", deployment->image.uuid},
                             {"image", deployment->imageName},
                             {"token", deployment->tokenSealed.text},
                             {"kernel_arguments", deployment->arguments},
                             {"config_drive", deployment->configDrive},
                             {"fetched",
                              {{"script", deployment->script},
                               {"kernel", deployment->kernel},
                               {"initrd", deployment->initrd}}}};
    node.driverInternalInfo = wire::canonical(internal);
}

bool bootsItsRamdisk(const model::Node& node)
{
    const bool during = node.state == model::State::Active || node.state == model::State::Deploying ||
                        node.state == model::State::WaitCallback;
    return during && ramdiskDeploymentOf(node).has_value();
}

void refuseWithoutDisk(const model::Node& node, const std::string& what)
{
    if (const std::optional<RamdiskDeployment> deployment = ramdiskDeploymentOf(node))
        throw Error(
            ErrorCode::Conflict,
            "this node runs the RAM disk " + deployment->imageName + ": there is no disk to " + what,
            "nothing was written by its deployment; put an image on its disk first: bm provision IMAGE " +
                (node.name.empty() ? node.id.uuid : node.name));
}

std::string configInitrd(const std::string& drive)
{
    std::string archive;
    if (!addFilesOf(archive, drive)) {
        archive.clear();
        addEntry(archive, "config-2.img", kFileMode, drive);
    }
    addEntry(archive, "TRAILER!!!", 0, "");
    return archive;
}

} // namespace bm::conductor
