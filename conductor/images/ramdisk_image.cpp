#include "conductor/images/ramdisk_image.h"

#include "common/model/kernel_arguments.h"
#include "common/wire/json/json_input.h"
#include "common/wire/json/stored_json.h"

namespace bm::conductor {

using model::Error;
using model::ErrorCode;
using nlohmann::json;

namespace {

constexpr std::string_view kDefault = "%default%";
constexpr std::string_view kIso = "{iso}";

images::ByteRange rangeOf(const json& file, std::uint64_t sizeBytes)
{
    const images::ByteRange range{file.at("offset").get<std::uint64_t>(),
                                  file.at("bytes").get<std::uint64_t>()};
    if (range.bytes == 0 || range.offset > sizeBytes || range.bytes > sizeBytes - range.offset)
        throw Error(ErrorCode::ImageCorrupt, "the image's description names a file outside of it",
                    "add the image again from its source");
    return range;
}

std::string expanded(std::string arguments, const std::string& own)
{
    if (const std::size_t at = arguments.find(kDefault); at != std::string::npos)
        arguments.replace(at, kDefault.size(), own);
    model::checkKernelArguments(arguments, "kernel_arguments");
    return arguments;
}

} // namespace

RamdiskImage ramdiskOf(const model::JsonText& description, std::uint64_t sizeBytes)
try {
    const json value = wire::valueOf(description);
    RamdiskImage found;
    found.kernel.push_back(rangeOf(value.at("kernel"), sizeBytes));
    for (const json& initrd : value.at("initrd"))
        found.initrd.push_back(rangeOf(initrd, sizeBytes));
    if (found.initrd.empty())
        throw Error(ErrorCode::ImageCorrupt, "the image's description names no initrd",
                    "add the image again from its source");
    found.iso = wire::textMember(value, "format") == "iso";
    found.arguments = wire::textMember(value, "kernel_arguments");
    model::checkKernelArguments(found.arguments, "kernel_arguments");
    return found;
} catch (const json::exception&) {
    throw Error(ErrorCode::ImageCorrupt, "the image's description lacks the offsets of kernel and initrd",
                "add the image again from its source");
}

model::JsonText withKernelArguments(const model::JsonText& description, const std::string& arguments)
{
    json value = wire::valueOf(description);
    value["kernel_arguments"] = expanded(arguments, wire::textMember(value, "kernel_arguments"));
    return wire::canonical(value);
}

void setKernelArguments(model::Image& image, const std::string& arguments)
{
    if (image.kind != model::ImageKind::Ramdisk)
        throw Error(ErrorCode::InvalidInput,
                    "kernel_arguments: " + image.name +
                        " is not a RAM disk; its kernel's arguments are in it",
                    "a tree's are set by its layout or /etc/kernel/cmdline, a disk's by its boot loader");
    image.description = withKernelArguments(image.description, arguments);
}

std::string argumentsFor(const model::Image& image, const model::Node& node, const DeployRequest& request)
{
    const RamdiskImage ramdisk = ramdiskOf(image.description, image.sizeBytes);
    const json instance = wire::valueOf(node.instanceInfo);
    std::string given = std::string(kDefault);
    if (request.options.kernelArguments)
        given = *request.options.kernelArguments;
    else if (instance.contains("kernel_append_params"))
        given = wire::textMember(instance, "kernel_append_params");
    std::string arguments = expanded(given, ramdisk.arguments);
    if (!ramdisk.iso && arguments.find(kIso) != std::string::npos)
        throw Error(ErrorCode::InvalidInput,
                    "kernel_arguments: {iso} stands for the image's ISO; " + image.name + " is none",
                    "add the ISO itself: bm image add FILE.iso --name NAME");
    return arguments;
}

void refuseFirmware(const model::Image& image, const model::Node& node)
{
    if (image.bootMode == "bios" && node.bootMode == "uefi")
        throw Error(ErrorCode::Conflict,
                    "the kernel of " + image.name + " has no EFI stub, and this machine starts by UEFI",
                    "take a kernel with CONFIG_EFI_STUB, or switch the firmware to BIOS");
}

} // namespace bm::conductor
