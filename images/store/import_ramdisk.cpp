// RAM disks: a kernel and its initrd, in an ISO image or an archive of the two. The store keeps the source
// unchanged; the description has the positions of the files in it.
#include "common/model/error.h"
#include "common/text/printable.h"
#include "images/formats/boot_archive.h"
#include "images/formats/boot_menu.h"
#include "images/formats/formats.h"
#include "images/formats/iso9660.h"
#include "images/formats/linux_kernel.h"
#include "images/store/importer.h"

#include <array>
#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <optional>

namespace bm::images {

using model::Error;
using model::ErrorCode;
using nlohmann::json;

namespace {

constexpr std::size_t kLongestMenu = std::size_t{256} << 10U;
constexpr std::size_t kMostMenus = 32;

struct Part {
    std::string path;
    ByteRange extent;
};

/// Checks a kernel and its initrds and describes them.
json describe(const ByteSource& source, const Part& kernel, const std::vector<Part>& initrds)
{
    const LinuxKernel found = inspectKernel(source, kernel.extent, kernel.path);
    json out;
    out["kernel"] = {{"path", kernel.path},
                     {"offset", kernel.extent.offset},
                     {"bytes", kernel.extent.bytes},
                     {"version", found.version},
                     {"efi", found.efi}};
    std::uint64_t all = 0;
    for (const Part& initrd : initrds) {
        const std::string compression = inspectInitrd(source, initrd.extent, initrd.path);
        out["initrd"].push_back({{"path", initrd.path},
                                 {"offset", initrd.extent.offset},
                                 {"bytes", initrd.extent.bytes},
                                 {"compression", compression}});
        all += initrd.extent.bytes;
    }
    if (all > kMostInitrdBytes)
        throw Error(ErrorCode::ImageTooLarge, fmt::format("the initrds have {} bytes together", all),
                    "the initrds exceed 4 GiB; no machine can load them");
    if (found.is64)
        out["architecture"] = "x86_64";
    if (!found.efi)
        out["boot_mode"] = "bios";
    return out;
}

json describeArchive(const ByteSource& source)
{
    const BootArchive archive = readBootArchive(source);
    if (!archive.kernel || !archive.initrd)
        throw Error(ErrorCode::ImageUnsupported,
                    fmt::format("the archive contains no {}", archive.kernel ? "initrd.img" : "vmlinuz"),
                    "pack two plain files without a folder: vmlinuz and initrd.img");
    json out = describe(source, {"vmlinuz", *archive.kernel}, {{"initrd.img", *archive.initrd}});
    out["format"] = archive.format;
    out["kernel_arguments"] = archive.arguments;
    return out;
}

// ---- ISO images

/// Menus in search order. UEFI's menus come first, since their entries boot on both firmwares.
constexpr auto kMenus = std::to_array<std::string_view>({
    "boot/grub/grub.cfg",
    "boot/grub2/grub.cfg",
    "EFI/BOOT/grub.cfg",
    "isolinux/isolinux.cfg",
    "boot/isolinux/isolinux.cfg",
    "boot/syslinux/syslinux.cfg",
    "syslinux/syslinux.cfg",
    "syslinux.cfg",
    "isolinux.cfg",
    "boot/x86_64/loader/isolinux.cfg",
});

struct Usual {
    std::string_view kernel;
    std::string_view initrd;
};
/// Usual places of kernels, for ISO images without a menu.
constexpr auto kUsual = std::to_array<Usual>({
    {"casper/vmlinuz", "casper/initrd"},
    {"casper/vmlinuz", "casper/initrd.lz"},
    {"live/vmlinuz", "live/initrd.img"},
    {"install.amd/vmlinuz", "install.amd/initrd.gz"},
    {"images/pxeboot/vmlinuz", "images/pxeboot/initrd.img"},
    {"boot/x86_64/loader/linux", "boot/x86_64/loader/initrd"},
    {"boot/vmlinuz", "boot/initrd.img"},
    {"boot/vmlinuz", "boot/initrd"},
    {"boot/vmlinuz-lts", "boot/initramfs-lts"},
    {"linux", "initrd.gz"},
    {"vmlinuz", "initrd.img"},
});

std::string folderOf(std::string_view path)
{
    const std::size_t slash = path.rfind('/');
    return std::string(slash == std::string_view::npos ? "" : path.substr(0, slash + 1));
}

/// Finds a file of a menu. The path is absolute, or (syslinux) relative to the menu's folder.
std::optional<Part> findPart(const Iso9660& iso, const std::string& path, const std::string& folder)
{
    for (const std::string& tried : {path, folder + path}) {
        const std::size_t begin = tried.find_first_not_of('/');
        const std::string plain = begin == std::string::npos ? "" : tried.substr(begin);
        if (const std::optional<ByteRange> extent = iso.find(plain))
            return Part{plain, *extent};
        if (path.starts_with('/'))
            break;
    }
    return std::nullopt;
}

/// Finds the first bootable entry whose files exist and are valid.
class IsoSearch {
public:
    explicit IsoSearch(const ByteSource& source) : source_(source), iso_(source) {}

    json run()
    {
        for (const std::string_view menu : kMenus)
            if (!found_)
                readMenu(std::string(menu));
        for (const Usual& usual : kUsual)
            if (!found_)
                take({"", std::string(usual.kernel), {std::string(usual.initrd)}, ""}, "", "");
        if (!found_ && failure_)
            throw Error(*failure_);
        if (!found_)
            throw Error(ErrorCode::ImageUnsupported, "bm finds no kernel and initrd in the ISO image",
                        "extract them: bm image add --kernel FILE --initrd FILE --name NAME; see "
                        "docs/ramdisk-deployments.md");
        json out = *found_;
        out["format"] = "iso";
        if (!iso_.volume().empty())
            out["volume"] = iso_.volume();
        return out;
    }

private:
    void readMenu(const std::string& path)
    {
        if (found_ || ++menus_ > kMostMenus)
            return;
        const std::optional<std::string> text = iso_.text(path, kLongestMenu);
        if (!text)
            return;
        const bool grub = path.ends_with("grub.cfg") || text->find("menuentry") != std::string::npos;
        const BootMenu menu = grub ? grubMenu(*text) : syslinuxMenu(*text);
        for (const BootEntry& entry : menu.entries)
            take(entry, folderOf(path), path);
        for (const std::string& more : menu.more) // kMostMenus stops a loop of includes
            if (const std::optional<Part> file = findPart(iso_, more, folderOf(path)))
                readMenu(file->path);
    }

    void take(const BootEntry& entry, const std::string& folder, const std::string& menu)
    {
        if (found_)
            return;
        const std::optional<Part> kernel = findPart(iso_, entry.kernel, folder);
        std::vector<Part> initrds;
        for (const std::string& path : entry.initrds)
            if (const std::optional<Part> initrd = findPart(iso_, path, folder))
                initrds.push_back(*initrd);
        if (!kernel || initrds.empty() || initrds.size() != entry.initrds.size())
            return;
        try {
            json out = describe(source_, *kernel, initrds);
            out["kernel_arguments"] = entry.arguments;
            if (!menu.empty())
                out["menu"] = {{"file", menu}, {"title", shownTitle(entry.title)}};
            found_ = out;
        } catch (const Error& error) { // another entry may be valid
            if (!failure_)
                failure_ = error;
        }
    }

    static std::string shownTitle(const std::string& title)
    {
        constexpr std::size_t kMost = 120;
        return text::printable(std::string_view(title).substr(0, kMost));
    }

    const ByteSource& source_;
    Iso9660 iso_;
    std::size_t menus_ = 0;
    std::optional<json> found_;
    std::optional<Error> failure_;
};

} // namespace

StoredImage Importer::importRamdisk(const SourceFile& source)
{
    const std::vector<std::byte> head = source.read(0, kHeadBytes);
    if (const Compression compression = detectCompression(head); compression != Compression::None) {
        if (source.path().parent_path() == folder_)
            throw Error(ErrorCode::ImageUnsupported, "the image is compressed twice", "compress it once");
        checkpoint(source.sizeBytes());
        StoredImage stored = importRamdisk(SourceFile(decompressed(source)));
        stored.sourceFormat = fmt::format("{}+{}", stored.sourceFormat, toText(compression));
        return stored;
    }
    checkSize(source.sizeBytes());
    const json description = looksLikeIso(head) ? IsoSearch(source).run() : describeArchive(source);
    StoredImage stored = compressRaw(source, source.sizeBytes(), source.sizeBytes());
    stored.kind = model::ImageKind::Ramdisk;
    stored.sourceFormat = description.at("format").get<std::string>();
    stored.description.text = description.dump(-1, ' ', false, json::error_handler_t::replace);
    return stored;
}

} // namespace bm::images
