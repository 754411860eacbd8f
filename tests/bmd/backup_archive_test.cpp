#include "bmd/backup/backup_archive.h"
#include "bmd/backup/backup_manifest.h"
#include "tests/bmd/refusal.h"

#include <catch2/catch.hpp>
#include <fstream>

using namespace bm;
using namespace bm::bmd;
using model::ErrorCode;
using test::refusalOf;
namespace fs = std::filesystem;

namespace {

const BytesProgress kNoProgress = [](std::uint64_t, std::uint64_t) {};

void put(const fs::path& file, const std::string& bytes)
{
    std::ofstream(file, std::ios::binary) << bytes;
}

struct Archive {
    platform::TemporaryFolder folder{"bm-archive"};
    fs::path file = folder.path() / "backup.tar";

    void write()
    {
        put(folder.path() / "source", std::string(3'000'000, 'x'));
        ArchiveWriter writer(file);
        writer.addText("first", "a text");
        writer.addFile("second", folder.path() / "source", kNoProgress);
        writer.finish();
    }
    std::string bytes() const { return platform::readFile(file.string(), 100'000'000); }
};

} // namespace

TEST_CASE("the archive of a backup", "[bmd][backup]")
{
    Archive archive;
    archive.write();

    SECTION("returns the entries in their order, and is readable by its owner only")
    {
        CHECK((fs::status(archive.file).permissions() & fs::perms::all) ==
              (fs::perms::owner_read | fs::perms::owner_write));
        ArchiveReader reader(archive.file);
        CHECK(reader.next() == "first");
        CHECK(reader.text(100) == "a text");
        CHECK(reader.next() == "second");
        std::uint64_t told = 0;
        reader.extract(archive.folder.path() / "target",
                       [&](std::uint64_t done, std::uint64_t) { told = done; });
        CHECK(told == 3'000'000);
        CHECK(fs::file_size(archive.folder.path() / "target") == 3'000'000);
        CHECK_FALSE(reader.next());
    }
    SECTION("replaces no file, and an unfinished one leaves no file")
    {
        CHECK(refusalOf([&] { ArchiveWriter again(archive.file); }) == ErrorCode::Conflict);
        const fs::path other = archive.folder.path() / "other.tar";
        {
            ArchiveWriter writer(other);
            writer.addText("first", "a text");
            CHECK(refusalOf([&] { writer.addFile("x", archive.folder.path() / "ghost", kNoProgress); }) ==
                  ErrorCode::NotFound);
        }
        CHECK_FALSE(fs::exists(other));
        CHECK_FALSE(fs::exists(other.string() + ".partial"));
        CHECK(refusalOf([] { ArchiveWriter writer("/no/such/folder/backup.tar"); }) == ErrorCode::NotFound);
    }
    SECTION("does not overwrite a file when extracted")
    {
        ArchiveReader reader(archive.file);
        reader.next();
        put(archive.folder.path() / "target", "mine");
        CHECK(refusalOf([&] { reader.extract(archive.folder.path() / "target", kNoProgress); }) ==
              ErrorCode::Conflict);
        CHECK(platform::readFile((archive.folder.path() / "target").string()) == "mine");
    }
    SECTION("refuses a text that is longer than the limit")
    {
        ArchiveReader reader(archive.file);
        reader.next();
        CHECK(refusalOf([&] { reader.text(5); }) == ErrorCode::InvalidInput);
    }
}

TEST_CASE("a file that is no backup", "[bmd][backup]")
{
    Archive archive;

    SECTION("is missing, or a folder")
    {
        CHECK(refusalOf([&] { ArchiveReader reader(archive.file); }) == ErrorCode::NotFound);
        CHECK(refusalOf([&] {
                  ArchiveReader reader(archive.folder.path());
                  reader.next();
              }) == ErrorCode::InvalidInput);
    }
    SECTION("is not an archive")
    {
        put(archive.file, std::string(5000, 'x'));
        CHECK(refusalOf([&] {
                  ArchiveReader reader(archive.file);
                  reader.next();
              }) == ErrorCode::InvalidInput);
    }
    SECTION("is truncated, at any offset")
    {
        archive.write();
        const std::string whole = archive.bytes();
        for (const std::size_t size : {600U, 1500U, 2000U, 500'000U, 2'999'000U}) {
            put(archive.file, whole.substr(0, size));
            const fs::path target = archive.folder.path() / std::to_string(size);
            CHECK(refusalOf([&] {
                      ArchiveReader reader(archive.file);
                      while (reader.next())
                          reader.extract(target.string() + std::to_string(std::rand()), kNoProgress);
                  }) == ErrorCode::InvalidInput);
        }
    }
    SECTION("has entries other than files")
    {
        archive.write();
        std::string bytes = archive.bytes();
        const std::size_t type = bytes.find("first") + 156; // of the ustar header
        const std::size_t checksum = bytes.find("first") + 148;
        bytes[type] = '5'; // a folder
        unsigned sum = 0;
        for (std::size_t i = 0; i < 512; ++i)
            sum += i >= 148 && i < 156 ? 32U : static_cast<unsigned char>(bytes.at(bytes.find("first") + i));
        std::snprintf(&bytes[checksum], 7, "%06o", sum);
        put(archive.file, bytes);
        CHECK(refusalOf([&] {
                  ArchiveReader reader(archive.file);
                  reader.next();
              }) == ErrorCode::InvalidInput);
    }
}

TEST_CASE("the first entry of a backup", "[bmd][backup]")
{
    const std::string content(64, 'c');
    const BackupManifest manifest{"0.1.0", "2026-11-29T18:00:00Z",         12, "ab:cd", 3,
                                  true,    {{"debian", content, "00", 77}}};
    const std::string text = toJson(manifest);

    SECTION("reads as it was written")
    {
        const BackupManifest read = backupManifestFromJson(text, "b.tar");
        CHECK(toJson(read) == text);
        CHECK(read.images.at(0).storedBytes == 77);
    }
    SECTION("of a newer format is refused with a hint")
    {
        std::string newer = text;
        newer.replace(newer.find("\"format\": 1"), 11, "\"format\": 7");
        CHECK(refusalOf([&] { backupManifestFromJson(newer, "b.tar"); }) == ErrorCode::Conflict);
    }
    SECTION("of another program is no backup")
    {
        const auto withContent = [&](const std::string& other) {
            std::string changed = text;
            return changed.replace(changed.find(content), content.size(), other);
        };
        const std::string path = "../../" + content.substr(6);
        std::string foreign = text;
        foreign.replace(foreign.find("bm backup"), 9, "a program");
        for (const std::string& wrong :
             {withContent(path), withContent(content + "c"), withContent("c0ffee"), withContent(""), foreign,
              text.substr(0, text.size() / 2), std::string("[]"), std::string("{}"),
              std::string("{\"program\": \"bm backup\", \"format\": 1}"), std::string()})
            CHECK(refusalOf([&] { backupManifestFromJson(wrong, "b.tar"); }) == ErrorCode::InvalidInput);
    }
}
