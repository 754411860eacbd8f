#include "agent/drive/drive_files.h"

#include "common/model/error.h"

#include <archive.h>
#include <archive_entry.h>
#include <array>
#include <filesystem>
#include <fmt/format.h>
#include <memory>

namespace bm::agent {

using model::Error;
using model::ErrorCode;

namespace {

constexpr std::size_t kMostDriveBytes = std::size_t{64} << 20U;
constexpr std::size_t kMostLinks = 1000;

struct DriveReadFreer {
    void operator()(archive* reader) const { archive_read_free(reader); }
};
using DriveReader = std::unique_ptr<archive, DriveReadFreer>;

[[noreturn]] void unreadable(const std::string& why)
{
    throw Error(ErrorCode::ConfigDriveFailed, "the config drive's ISO 9660 image: " + why,
                "make it with mkisofs -R -V config-2");
}

/// "./a//b/" as "a/b"; "" for a path that leads outside.
std::string plainPath(const std::filesystem::path& path)
{
    std::string plain = path.lexically_normal().generic_string();
    while (plain.ends_with('/'))
        plain.pop_back();
    return plain == "." || plain.starts_with("..") || plain.starts_with('/') ? "" : plain;
}

std::string nameOf(archive_entry* entry)
{
    const char* name = archive_entry_pathname_utf8(entry);
    if (name == nullptr)
        name = archive_entry_pathname(entry);
    return name == nullptr ? "" : plainPath(name);
}

std::string contentOf(archive* reader, std::size_t most)
{
    std::string content;
    std::array<char, 65536> piece{};
    for (la_ssize_t count = 0; (count = archive_read_data(reader, piece.data(), piece.size())) != 0;) {
        if (count < 0)
            unreadable(archive_error_string(reader));
        if (content.size() + static_cast<std::size_t>(count) > most)
            unreadable(fmt::format("more than {} bytes of content", kMostDriveBytes));
        content.append(piece.data(), static_cast<std::size_t>(count));
    }
    return content;
}

/// Adds to @p files what the link @p link names: a file, or the files of a folder.
void copyLink(DriveFiles& files, const std::string& link, const std::string& target)
{
    const std::string from = plainPath(std::filesystem::path(link).parent_path() / target);
    if (from.empty())
        return;
    DriveFiles copies;
    std::size_t bytes = 0;
    for (const auto& [path, content] : files) {
        bytes += content.size();
        if (path == from)
            copies.emplace(link, content);
        else if (path.starts_with(from + "/"))
            copies.emplace(link + path.substr(from.size()), content);
    }
    for (const auto& [path, content] : copies)
        bytes += content.size();
    if (bytes > kMostDriveBytes)
        unreadable(fmt::format("more than {} bytes of content", kMostDriveBytes));
    files.merge(copies);
}

} // namespace

bool isIso(std::string_view image)
{
    constexpr std::size_t kIdentifierAt = 0x8001;
    return image.size() > kIdentifierAt + 5 && image.substr(kIdentifierAt, 5) == "CD001";
}

DriveFiles filesOfIso(std::string_view image)
{
    const DriveReader reader(archive_read_new());
    archive_read_support_format_iso9660(reader.get());
    if (archive_read_open_memory(reader.get(), image.data(), image.size()) != ARCHIVE_OK)
        unreadable(archive_error_string(reader.get()));
    DriveFiles files;
    std::map<std::string, std::string> links;
    std::size_t bytes = 0;
    archive_entry* entry = nullptr;
    int result = ARCHIVE_OK;
    while ((result = archive_read_next_header(reader.get(), &entry)) == ARCHIVE_OK ||
           result == ARCHIVE_WARN) {
        const std::string path = nameOf(entry);
        const char* const same = archive_entry_hardlink(entry);
        if (path.empty())
            continue;
        if (archive_entry_filetype(entry) == AE_IFLNK && archive_entry_symlink(entry) != nullptr)
            links[path] = archive_entry_symlink(entry);
        else if (const auto first = files.find(same == nullptr ? "" : plainPath(same)); first != files.end())
            bytes += files.insert_or_assign(path, first->second).first->second.size();
        else if (archive_entry_filetype(entry) == AE_IFREG)
            bytes += (files[path] = contentOf(reader.get(), kMostDriveBytes - bytes)).size();
        if (bytes > kMostDriveBytes)
            unreadable(fmt::format("more than {} bytes of content", kMostDriveBytes));
    }
    if (result != ARCHIVE_EOF)
        unreadable(archive_error_string(reader.get()));
    if (links.size() > kMostLinks)
        unreadable("too many links");
    for (const auto& [link, target] : links)
        copyLink(files, link, target);
    return files;
}

} // namespace bm::agent
