#pragma once
#include "common/model/image.h"
#include "common/model/node.h"
#include "conductor/core/deploy_order.h"
#include "images/base/byte_source.h"

#include <string>
#include <vector>

namespace bm::conductor {

/// The offsets of kernel and initrds in an image of kind "ramdisk", from its description.
struct RamdiskImage {
    std::vector<images::ByteRange> kernel;
    std::vector<images::ByteRange> initrd; ///< one after the other
    bool iso = false;                      ///< the image is an ISO, which "{iso}" in the arguments stands for
    std::string arguments;                 ///< of the kernel
};
/// @throws Error ImageCorrupt (no such description, files past the image's end), InvalidInput (arguments that
/// no boot script can carry)
RamdiskImage ramdiskOf(const model::JsonText& description, std::uint64_t sizeBytes);

/// @p description with @p arguments for the kernel; "%default%" in them stands for those it has.
/// @throws Error InvalidInput
model::JsonText withKernelArguments(const model::JsonText& description, const std::string& arguments);
/// The same for an image. @throws Error InvalidInput (no RAM disk)
void setKernelArguments(model::Image& image, const std::string& arguments);

/// The kernel's arguments for a deployment: the request's, else instance_info/kernel_append_params
/// (Ironic's), else the image's. @throws Error InvalidInput, ImageCorrupt
std::string argumentsFor(const model::Image& image, const model::Node& node, const DeployRequest& request);
/// Refuses a kernel that the machine's firmware cannot start. @throws Error Conflict (a kernel for BIOS, a
/// machine with UEFI)
void refuseFirmware(const model::Image& image, const model::Node& node);

} // namespace bm::conductor
