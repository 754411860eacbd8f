// iPXE scripts (ipxe.org/scripting).
#include "pxe/boot_services.h"

#include "common/model/kernel_arguments.h"
#include "common/text/names.h"

#include <algorithm>
#include <fmt/format.h>

namespace bm::pxe {
namespace {

/// @p text as one word of a script's echo, without characters that iPXE expands or that end a command.
std::string plainWord(std::string text)
{
    std::ranges::replace_if(
        text,
        [](char c) {
            return !text::isLetterOrDigit(c) && std::string_view("-._:").find(c) == std::string_view::npos;
        },
        '_');
    return text;
}

} // namespace

std::string ramdiskScript(const RamdiskBoot& boot)
{
    // panic=60: a RAM disk whose init dies restarts. edd=on: the kernel reads the BIOS's disk table.
    const std::string arguments = fmt::format(
        "bm.api={} bm.node={} bm.secret={} BOOTIF={}{}{}{}", boot.baseUrl, boot.nodeUuid, boot.bootSecret,
        model::toBootif(boot.mac), boot.vlan ? fmt::format(" bm.vlan={}", *boot.vlan) : "",
        " panic=60 edd=on console=tty0 console=ttyS0,115200n8",
        boot.extraArguments.empty() ? "" : " " + boot.extraArguments);
    return fmt::format("#!ipxe\n"
                       "echo bm: starting the RAM disk for node {0}\n"
                       "imgfree\n" // of an earlier try
                       "kernel {1}/boot/vmlinuz initrd=initrd.img {2} || goto failed\n"
                       "initrd --name initrd.img {1}/boot/initrd.img || goto failed\n"
                       "boot || goto failed\n"
                       ":failed\n"
                       "echo bm: could not load the RAM disk from {1}; trying again in 10 s\n"
                       "sleep 10\n"
                       "chain --replace --autofree "
                       "{1}/boot/script?mac=${{netX/mac:hexhyp}}&platform=${{platform}} || reboot\n",
                       boot.nodeUuid, boot.baseUrl, arguments);
}

std::string imageScript(const ImageBoot& boot)
{
    std::string arguments = boot.arguments;
    model::checkKernelArguments(arguments, "kernel_arguments");
    constexpr std::string_view kIso = "{iso}";
    for (std::size_t at = arguments.find(kIso); at != std::string::npos; at = arguments.find(kIso, at))
        arguments.replace(at, kIso.size(), boot.baseUrl + "/image.iso");
    return fmt::format(
        "#!ipxe\n"
        "echo bm: starting the RAM disk {0}\n"
        "imgfree\n" // of an earlier try
        "kernel {1}/vmlinuz initrd=initrd.img{2} BOOTIF={3}{4}{5} || goto failed\n"
        "initrd --name initrd.img {1}/initrd.img || goto failed\n"
        "{6}"
        "boot || goto failed\n"
        ":failed\n"
        "echo bm: could not load {0}; trying again in 10 s\n"
        "sleep 10\n"
        "chain --replace --autofree {7}?mac=${{netX/mac:hexhyp}}&platform=${{platform}} || reboot\n",
        plainWord(boot.title), boot.baseUrl, boot.configDrive ? " initrd=config.img" : "",
        model::toBootif(boot.mac), arguments.empty() ? "" : " ", arguments,
        boot.configDrive
            ? fmt::format("initrd --name config.img {}/config.img || goto failed\n", boot.baseUrl)
            : "",
        boot.scriptUrl);
}

std::string localDiskScript(const std::string& why, unsigned biosDrive)
{
    // UEFI: after iPXE's exit the firmware continues its boot order. BIOS: iPXE starts the disk itself,
    // because many BIOSes stop after a network boot that exits without an error.
    return fmt::format("#!ipxe\n"
                       "echo bm: {}: starting this machine's own disk\n"
                       "iseq ${{platform}} efi && exit 1 ||\n"
                       "sanboot --no-describe --drive {:#x} || exit 1\n",
                       why, biosDrive);
}

std::string waitScript(const std::string& why, const std::string& scriptUrl)
{
    return fmt::format(
        "#!ipxe\n"
        "echo bm: {}; asking again in 10 s\n"
        "sleep 10\n"
        "chain --replace --autofree {}?mac=${{netX/mac:hexhyp}}&platform=${{platform}} || reboot\n",
        why, scriptUrl);
}

std::string unknownMachineScript(const model::MacAddress& mac)
{
    return fmt::format("#!ipxe\n"
                       "echo bm: {} is not enrolled here: bm node enrol; starting this machine's own disk\n"
                       "sleep 3\n"
                       "exit 1\n",
                       mac.text);
}

} // namespace bm::pxe
