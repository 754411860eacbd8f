#include "agent/drive/drive_files.h"

#include "common/model/error.h"

#include <archive.h>
#include <archive_entry.h>
#include <array>
#include <clocale>
#include <filesystem>
#include <fmt/format.h>
#include <memory>

namespace bm::agent {

using model::Error;
using model::ErrorCode;

namespace {

constexpr std::size_t kMostDriveBytes = std::size_t{64} << 20U;
constexpr std::size_t kMostLinks = 1000;
constexpr std::size_t kMostFiles = 20000; ///< copies of links may grow without content

struct DriveReadFreer {
    void operator()(archive* reader) const { archive_read_free(reader); }
};
using DriveReader = std::unique_ptr<archive, DriveReadFreer>;

/// Sets a locale with UTF-8 for this thread: in the C locale libarchive has no Joliet names beyond ASCII.
class Utf8Locale {
public:
    Utf8Locale() : locale_(::newlocale(LC_CTYPE_MASK, "C.UTF-8", nullptr))
    {
        if (locale_ != nullptr)
            before_ = ::uselocale(locale_);
    }
    ~Utf8Locale()
    {
        if (locale_ == nullptr)
            return;
        ::uselocale(before_);
        ::freelocale(locale_);
    }
    Utf8Locale(const Utf8Locale&) = delete;
    Utf8Locale& operator=(const Utf8Locale&) = delete;

private:
    locale_t locale_;
    locale_t before_{};
};

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
    return plain == "." || plain == ".." || plain.starts_with("../") || plain.starts_with('/') ? "" : plain;
}

using EntryText = const char* (*)(archive_entry*);

/// A text of @p entry in UTF-8; as it is stored where it is no UTF-8; "": none.
std::string textOf(archive_entry* entry, EntryText utf8, EntryText stored)
{
    const char* text = utf8(entry);
    if (text == nullptr)
        text = stored(entry);
    return text == nullptr ? "" : text;
}

std::string nameOf(archive_entry* entry)
{
    return plainPath(textOf(entry, archive_entry_pathname_utf8, archive_entry_pathname));
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
    if (files.size() > kMostFiles)
        unreadable(fmt::format("more than {} files", kMostFiles));
}

} // namespace

DriveFiles filesOfIso(std::string_view image)
{
    const Utf8Locale utf8;
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
        if (archive_entry_pathname(entry) == nullptr)
            unreadable("a file's name cannot be read");
        const std::string path = nameOf(entry);
        if (path.empty())
            continue;
        if (files.size() > kMostFiles)
            unreadable(fmt::format("more than {} files", kMostFiles));
        const std::string same = textOf(entry, archive_entry_hardlink_utf8, archive_entry_hardlink);
        const std::string target = textOf(entry, archive_entry_symlink_utf8, archive_entry_symlink);
        if (archive_entry_filetype(entry) == AE_IFLNK && !target.empty())
            links[path] = target;
        else if (const auto first = files.find(plainPath(same)); first != files.end())
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
