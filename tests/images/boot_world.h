#pragma once
#include "tests/images/store_world.h"

#include <archive.h>
#include <archive_entry.h>
#include <memory>
#include <utility>
#include <vector>

namespace bm::images::testing {

/// A bzImage header followed by zeros; @p bytes in total.
inline std::string fakeKernel(std::size_t bytes = 9000)
{
    std::string kernel(bytes, '\x5a');
    const auto put = [&kernel](std::size_t at, std::uint64_t value, std::size_t count) {
        for (std::size_t i = 0; i < count; ++i)
            kernel[at + i] = static_cast<char>((value >> (8 * i)) & 0xffU);
    };
    kernel.replace(0, 2, "MZ");
    put(0x1f1, 3, 1);                      // setup sectors
    put(0x1f4, (bytes - 4 * 512) / 16, 4); // the rest, in 16 bytes
    kernel.replace(0x202, 4, "HdrS");
    put(0x206, 0x020f, 2);
    put(0x20e, 0x400, 2); // the version's text, counted from 0x200
    put(0x211, 1, 1);     // loaded high
    put(0x236, 1, 2);     // 64 bit
    const std::string version("6.1.0-test (somebody)\0", 22);
    kernel.replace(0x600, version.size(), version);
    return kernel;
}

inline std::string fakeInitrd(std::size_t bytes = 5001)
{
    std::string initrd(bytes, '\x33');
    initrd.replace(0, 2, "\x1f\x8b");
    return initrd;
}

using Files = std::vector<std::pair<std::string, std::string>>;

/// An archive of @p files made by libarchive: "iso9660", "ustar", "newc".
inline std::filesystem::path makeArchive(const std::filesystem::path& path, const char* format,
                                         const Files& files)
{
    const std::unique_ptr<archive, int (*)(archive*)> writer(archive_write_new(), archive_write_free);
    const std::string wanted = format;
    if (wanted == "iso9660")
        archive_write_set_format_iso9660(writer.get());
    else if (wanted == "newc")
        archive_write_set_format_cpio_newc(writer.get());
    else
        archive_write_set_format_ustar(writer.get());
    archive_write_add_filter_none(writer.get());
    REQUIRE(archive_write_open_filename(writer.get(), path.c_str()) == ARCHIVE_OK);
    for (const auto& [name, content] : files) {
        const std::unique_ptr<archive_entry, void (*)(archive_entry*)> entry(archive_entry_new(),
                                                                             archive_entry_free);
        archive_entry_set_pathname(entry.get(), name.c_str());
        archive_entry_set_filetype(entry.get(), AE_IFREG);
        archive_entry_set_perm(entry.get(), 0644);
        archive_entry_set_size(entry.get(), static_cast<la_int64_t>(content.size()));
        REQUIRE(archive_write_header(writer.get(), entry.get()) == ARCHIVE_OK);
        archive_write_data(writer.get(), content.data(), content.size());
    }
    REQUIRE(archive_write_close(writer.get()) == ARCHIVE_OK);
    return path;
}

} // namespace bm::images::testing
